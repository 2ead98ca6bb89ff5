"""What is said again keeps the recording's time, pitch and long-term spectrum."""

import numpy as np
import pytest
import torch

from hierbatch.constants import FRAME_HOP_SAMPLES, MELS_PER_FRAME
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.spectral_statistics import loud_frames, mean_over_time
from hierbatch.training.durations import align_prepared
from hierbatch.training.predicted_latents import PredictedLatents, TrainingExample
from hierbatch.training.prepared import PreparedSet

SHORTEST_FRAMES = 48
CONFIG = LiteConfig(
    style_channels=16, style_width=16, text_width=16, text_blocks=1, duration_blocks=1, prosody_width=16,
    prosody_blocks=1, acoustic_width=16, acoustic_blocks=1, generator_width=16, generator_blocks=1,
    content_width=16, content_blocks=1, timbre_heads=2,
)  # fmt: skip


@pytest.fixture
def latents(prepared: PreparedSet, monkeypatch: pytest.MonkeyPatch) -> PredictedLatents:
    align_prepared(prepared.folder, lambda _: None)
    monkeypatch.setattr(PreparedSet, "split", lambda self, _: self.utterances)
    torch.manual_seed(0)
    return PredictedLatents(prepared, LiteNetworks(CONFIG).eval().requires_grad_(False), "cpu", SHORTEST_FRAMES)


def test_every_lesson_is_of_one_length_throughout(latents: PredictedLatents) -> None:
    rng = np.random.default_rng(0)
    for example in [*(latents.predicted(rng) for _ in range(12)), latents.ground_truth(rng), latents.held_out(rng)]:
        n_mels = example.n_frames * MELS_PER_FRAME
        assert example.n_frames >= SHORTEST_FRAMES
        assert example.latent.shape == (n_mels, 80)
        assert len(example.voiced) == n_mels
        assert len(example.audio) == example.n_frames * FRAME_HOP_SAMPLES


def test_resynthesis_keeps_the_long_term_spectrum(latents: PredictedLatents) -> None:
    said = latents.held_out(np.random.default_rng(3))
    own = latents._mel(torch.from_numpy(said.audio)[None])
    means = []
    for mel in (said.latent[None], own):
        mask = torch.ones(1, mel.shape[1], 1, dtype=torch.bool)
        means.append(mean_over_time(mel, loud_frames(mel, mask)))
    torch.testing.assert_close(means[0], means[1], atol=0.35, rtol=0)


def test_a_cut_is_the_same_stretch_of_everything() -> None:
    n_mels = 40
    example = TrainingExample(
        torch.arange(n_mels)[:, None], np.arange(n_mels), np.arange(n_mels), np.arange(n_mels * 160)
    )
    cut = example.crop(5, 10)
    assert cut.n_frames == 10
    assert cut.latent[0] == cut.f0_hz[0] == cut.voiced[0] == 10
    assert cut.audio[0] == 1600
    assert len(cut.audio) == 3200
