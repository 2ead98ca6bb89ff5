import torch

from hierbatch.models.lite.spectral_statistics import SpectralStatisticsMatching
from hierbatch.models.lite.timbre import PromptFrames


def prompts(mel: torch.Tensor, *lengths: int) -> PromptFrames:
    return PromptFrames(torch.zeros(len(mel), mel.shape[1] // 2, 8), mel, torch.tensor(lengths))


def test_nothing_asked_nothing_changed() -> None:
    torch.manual_seed(0)
    latent, prompt = torch.randn(2, 40, 80), prompts(torch.randn(2, 60, 80), 30, 30)
    mask = torch.ones(2, 40, 1, dtype=torch.bool)
    torch.testing.assert_close(SpectralStatisticsMatching()(latent, mask, prompt), latent)


def test_the_louder_half_comes_to_the_long_term_spectrum_of_the_prompt() -> None:
    torch.manual_seed(0)
    slope = torch.linspace(-1, 1, 80)
    latent, prompt = torch.randn(1, 200, 80), prompts(torch.randn(1, 300, 80) * 1.2 + slope, 150)
    mask = torch.ones(1, 200, 1, dtype=torch.bool)
    moved = SpectralStatisticsMatching(mean_share=1.0, spread_share=1.0)(latent, mask, prompt)
    loud = latent.mean(-1) >= latent.mean()
    wanted = prompt.mel[prompt.mel.mean(-1) >= prompt.mel.mean()].mean(0)
    torch.testing.assert_close(moved[loud].mean(0), wanted, atol=1e-4, rtol=1e-4)
    assert abs(float(moved[loud].std(0).mean() / latent[loud].std(0).mean()) - 1.2) < 0.05


def test_a_row_does_not_hang_on_its_neighbours_or_its_padding() -> None:
    torch.manual_seed(0)
    latent, mel = torch.randn(2, 50, 80), torch.randn(2, 80, 80)
    mask = (torch.arange(50)[None] < torch.tensor([[50], [30]]))[..., None]
    matching = SpectralStatisticsMatching(contrast=1.1, mean_share=0.7, spread_share=0.5)
    together = matching(latent, mask, prompts(mel, 40, 25))
    alone = matching(latent[1:, :30], mask[1:, :30], prompts(mel[1:, :50], 25))
    torch.testing.assert_close(together[1:, :30], alone, atol=1e-5, rtol=1e-5)
