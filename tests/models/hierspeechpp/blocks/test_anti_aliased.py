import pytest
import torch
import torch.nn.functional as F

from hierbatch.models.hierspeechpp.blocks.anti_aliased import AntiAliasedSnake, kaiser_sinc, zero_past_ends

PUBLISHED_HALF = [0.00202896469, 0.00938946567, -0.0255434588, -0.0576573834, 0.128572583, 0.443209797]


def zero_stuffing_snake(snake, x):
    """The same filter as the textbook has it: zeros between samples, a full filter, every second sample."""
    taps = kaiser_sinc().to(x.dtype)
    frequency, sharpness = (value.to(x.dtype).exp()[:, None] for value in (snake.log_frequency, snake.log_sharpness))
    held = F.pad(x, (5, 5), mode="replicate")
    stuffed = held.new_zeros(*held.shape[:2], 2 * held.shape[2])
    stuffed[:, :, ::2] = held
    full = F.pad(stuffed, (11, 11)).unfold(-1, 12, 1) @ taps.flip(0) * 2
    doubled = full[:, :, 15 : 15 + 2 * x.shape[2]]
    waved = doubled + torch.sin(doubled * frequency) ** 2 / (sharpness + 1e-9)
    return F.pad(waved, (5, 6), mode="replicate").unfold(-1, 12, 2) @ taps


def snake_of(channels):
    torch.manual_seed(5)
    snake = AntiAliasedSnake(channels).double()
    torch.nn.init.normal_(snake.log_frequency, std=0.5)
    torch.nn.init.normal_(snake.log_sharpness, std=0.5)
    return snake


def test_the_filter_is_the_published_one():
    assert torch.allclose(kaiser_sinc(), torch.tensor(PUBLISHED_HALF + PUBLISHED_HALF[::-1]), rtol=0, atol=1e-9)


@pytest.mark.parametrize("n_samples", [1, 2, 3, 7, 64, 301])
def test_phases_give_what_zero_stuffing_gives(n_samples):
    snake = snake_of(3)
    x = torch.randn(2, 3, n_samples, dtype=torch.float64)
    found = snake(x, torch.full((2,), n_samples))
    # The taps themselves are float32: equal to their last digit, not beyond.
    assert torch.allclose(found, zero_stuffing_snake(snake, x), rtol=0, atol=1e-7)


def test_a_row_in_a_padded_batch_is_the_row_alone_whatever_is_past_its_end():
    snake = snake_of(3)
    lengths = torch.tensor([1, 40, 17, 39])
    x = torch.randn(4, 3, 40, dtype=torch.float64) * 100
    together = snake(x, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone = snake(x[row : row + 1, :, :length], lengths[row : row + 1])
        assert torch.allclose(together[row, :, :length], alone[0], rtol=0, atol=1e-9)


def test_only_samples_past_the_ends_are_silenced():
    x = zero_past_ends(torch.ones(2, 1, 6), torch.tensor([1, 4]), 2)
    assert x[:, 0].tolist() == [[1, 0, 0, 1, 1, 1], [1, 1, 1, 1, 0, 0]]


def test_it_can_be_trained():
    snake = snake_of(2)
    x = torch.randn(1, 2, 12, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda value: snake(value, torch.tensor([9]))[:, :, :9], x)
