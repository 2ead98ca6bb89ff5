import torch

from hierbatch.frontend.symbols import SYMBOLS
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.text_to_vector import expand_to_frames, round_durations


def test_the_shipped_table_has_a_row_for_every_symbol() -> None:
    assert LiteConfig().n_symbols == len(SYMBOLS)


def test_spreading_repeats_each_symbol_for_its_frames() -> None:
    hidden = torch.arange(6.0).reshape(2, 3, 1)
    durations = torch.tensor([[2, 0, 3], [1, 1, 0]])
    frames, mask = expand_to_frames(hidden, durations)
    assert frames[0, :, 0].tolist() == [0, 0, 2, 2, 2]
    assert frames[1, :, 0].tolist() == [3, 4, 0, 0, 0]
    assert mask[..., 0].tolist() == [[True] * 5, [True, True, False, False, False]]


def test_rounding_keeps_the_pace() -> None:
    torch.manual_seed(0)
    log_durations = torch.log1p(torch.rand(4, 200) * 6)
    lengths = torch.tensor([200, 150, 1, 77])
    for speed in (0.7, 1.0, 1.6):
        durations = round_durations(log_durations, lengths, torch.full((4,), speed))
        for row, n in enumerate(lengths.tolist()):
            wanted = torch.expm1(log_durations[row, :n]).sum() / speed
            assert abs(float(durations[row].sum()) - float(wanted)) <= 0.51
            assert durations[row, n:].sum() == 0
            assert (durations >= 0).all()
