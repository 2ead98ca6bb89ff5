import torch

from hierbatch.models.lite.covariance import match_covariance
from hierbatch.models.lite.timbre import PromptFrames


def mixed(n_rows: int, n_frames: int, seed: int) -> torch.Tensor:
    """Bands that move together, each row in its own way."""
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.eye(80) + 0.1 * torch.randn(n_rows, 80, 80, generator=generator)
    return torch.randn(n_rows, n_frames, 80, generator=generator) @ mixing


def prompts(mel: torch.Tensor, *lengths: int) -> PromptFrames:
    return PromptFrames(torch.zeros(len(mel), mel.shape[1] // 2, 8), mel, torch.tensor(lengths))


def correlation(mel: torch.Tensor) -> torch.Tensor:
    return torch.corrcoef(mel[mel.mean(-1) >= mel.mean()].T)


def test_the_whole_way_brings_the_bands_to_move_together_as_the_prompts_do() -> None:
    latent, prompt = mixed(1, 4000, 0), mixed(1, 4000, 1)
    mask = torch.ones(1, 4000, 1, dtype=torch.bool)
    apart = []
    for share in (0.0, 0.5, 1.0):
        moved = match_covariance(latent, mask, prompts(prompt, 2000), torch.tensor([share]))
        apart.append(float((correlation(moved[0]) - correlation(prompt[0])).abs().mean()))
    assert apart[0] > apart[1] > apart[2]
    assert apart[2] < 0.5 * apart[0]


def test_a_prompt_that_moves_alike_changes_nothing() -> None:
    latent, mask = mixed(1, 400, 0), torch.ones(1, 400, 1, dtype=torch.bool)
    moved = match_covariance(latent, mask, prompts(latent, 200), torch.ones(1))
    torch.testing.assert_close(moved, latent, atol=1e-3, rtol=1e-3)


def test_a_row_hangs_neither_on_its_neighbours_nor_on_its_padding_and_one_of_share_zero_stays() -> None:
    latent, mel = mixed(2, 50, 0), mixed(2, 80, 1)
    mask = (torch.arange(50)[None] < torch.tensor([[50], [30]]))[..., None]
    together = match_covariance(latent, mask, prompts(mel, 40, 25), torch.tensor([0.0, 0.7]))
    alone = match_covariance(latent[1:, :30], mask[1:, :30], prompts(mel[1:, :50], 25), torch.tensor([0.7]))
    torch.testing.assert_close(together[1:, :30], alone, atol=1e-4, rtol=1e-4)
    assert torch.equal(together[0], latent[0])


def test_pauses_stay_as_they_are() -> None:
    latent, prompt = mixed(1, 400, 0), mixed(1, 400, 1)
    latent[:, 100:150] -= 8.0
    mask = torch.ones(1, 400, 1, dtype=torch.bool)
    moved = match_covariance(latent, mask, prompts(prompt, 200), torch.ones(1))
    assert torch.equal(moved[:, 100:150], latent[:, 100:150])
    assert (moved - latent)[:, 150:].abs().mean() > 0.1


def test_a_hum_is_amplified_by_a_bounded_factor() -> None:
    prompt = mixed(1, 200, 1)
    hum = 1e-3 * torch.randn(1, 200, prompt.shape[-1], generator=torch.Generator().manual_seed(2))
    matched = match_covariance(hum, torch.ones(1, 200, 1, dtype=torch.bool), prompts(prompt, 100), torch.ones(1))
    assert float(matched.std() / hum.std()) < 15
