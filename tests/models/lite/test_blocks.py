import torch

from hierbatch.models.convnext import ConvNeXtStack, length_mask


def test_length_mask_is_true_where_valid() -> None:
    assert length_mask(torch.tensor([1, 3]), 3).tolist() == [[True, False, False], [True, True, True]]


def test_a_row_does_not_depend_on_its_padding_or_its_neighbours() -> None:
    torch.manual_seed(0)
    stack = ConvNeXtStack(4, 8, 3, n_blocks=3, kernel=7, style_channels=5)
    for parameter in stack.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    rows, style = torch.randn(3, 20, 4), torch.randn(3, 5)
    lengths = torch.tensor([20, 9, 13])
    together = stack(rows, length_mask(lengths, 20)[..., None], style)
    for row, n in enumerate(lengths.tolist()):
        alone = stack(rows[row : row + 1, :n], torch.ones(1, n, 1, dtype=torch.bool), style[row : row + 1])
        torch.testing.assert_close(together[row, :n], alone[0], atol=1e-5, rtol=1e-5)
