import torch

from hierbatch.models.lite.timbre import PromptFrames, TimbreAttention
from tests.tiny_lite import tiny_config


def test_it_adds_nothing_before_it_has_learned() -> None:
    reader = TimbreAttention(tiny_config())
    prompt = PromptFrames(torch.randn(1, 9, 8), torch.randn(1, 18, 80), torch.tensor([9]))
    assert not reader(torch.randn(1, 5, 8), prompt).any()


def test_from_the_start_it_looks_for_the_frame_that_says_the_same() -> None:
    torch.manual_seed(0)
    reader = TimbreAttention(tiny_config())
    torch.nn.init.eye_(reader.output_projection.weight)
    said = 6.0 * torch.eye(8)[:6][None]  # six things that have nothing in common
    mel = torch.randn(1, 12, 80)
    read = reader(said, PromptFrames(said, mel, torch.tensor([6])))
    alone = torch.cat(
        [
            reader(said[:, i : i + 1], PromptFrames(said[:, i : i + 1], mel[:, 2 * i : 2 * i + 2], torch.tensor([1])))
            for i in range(6)
        ],
        dim=1,
    )
    nearest = torch.cdist(read[0], alone[0]).argmin(-1)
    assert nearest.tolist() == list(range(6))


def test_padding_of_a_prompt_is_never_read() -> None:
    torch.manual_seed(0)
    reader = TimbreAttention(tiny_config())
    torch.nn.init.eye_(reader.output_projection.weight)
    semantic, keys, mel = torch.randn(1, 5, 8), torch.randn(1, 9, 8), torch.randn(1, 18, 80)
    alone = reader(semantic, PromptFrames(keys, mel, torch.tensor([9])))
    padded = PromptFrames(
        torch.cat([keys, 7 * torch.randn(1, 4, 8)], 1), torch.cat([mel, torch.randn(1, 8, 80)], 1), torch.tensor([9])
    )
    torch.testing.assert_close(reader(semantic, padded), alone, atol=1e-6, rtol=1e-5)
