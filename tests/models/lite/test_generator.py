import math

import numpy as np
import torch

from hierbatch.audio.spectrum import LogMel
from hierbatch.models.lite.generator import LiteWaveformGenerator, pulse_angle, pulse_train
from tests.tiny_lite import tiny_config


def test_pulse_train_is_the_sum_of_its_harmonics() -> None:
    f0_hz = 220.0
    f0 = torch.full((1, 20), f0_hz)
    pulses = pulse_train(pulse_angle(f0), f0, torch.ones(1, 20))[0].double().numpy()
    phase = 2 * math.pi * np.cumsum(np.full(3200, f0_hz / 16000))
    n_harmonics = math.floor(0.98 * 8000 / f0_hz)
    wanted = sum(np.cos(k * phase) for k in range(1, n_harmonics + 1)) * math.sqrt(2 / n_harmonics)
    np.testing.assert_allclose(pulses, wanted, atol=2e-2)
    assert abs(np.mean(pulses[:3200] ** 2) - 1.0) < 0.05


def test_pulse_train_is_silent_where_unvoiced() -> None:
    f0 = torch.full((1, 10), 100.0)
    assert pulse_train(pulse_angle(f0), f0, torch.zeros(1, 10)).abs().max() == 0


def test_the_angle_is_zero_where_the_pulses_are_highest() -> None:
    f0 = torch.full((1, 20), 125.0)
    angle = pulse_angle(f0)
    pulses = pulse_train(angle, f0, torch.ones(1, 20))[0]
    highest = torch.topk(pulses, 20).indices
    assert angle[0, highest].abs().max() < 0.01


def test_an_untrained_generator_already_follows_the_envelope() -> None:
    torch.manual_seed(0)
    generator, mel = LiteWaveformGenerator(tiny_config()).eval(), LogMel()
    coloured = torch.nn.functional.conv1d(torch.randn(1, 1, 16000), torch.randn(1, 1, 9), padding=4)[:, 0] * 0.05
    wanted = mel(coloured)
    n_frames = wanted.shape[1]
    made = generator(
        wanted,
        torch.full((1, n_frames), 120.0),
        torch.zeros(1, n_frames),
        torch.randn(1, 16000),
        torch.ones(1, n_frames, 1, dtype=torch.bool),
    )
    assert made.shape == coloured.shape
    assert (mel(made).mean(1) - wanted.mean(1)).abs().mean() < 0.2


def test_low_noise_of_voiced_frames_changes_by_its_level_and_nothing_else_does() -> None:
    torch.manual_seed(0)
    generator = LiteWaveformGenerator(tiny_config()).eval()
    n_frames = 60
    latent, f0, noise = torch.zeros(1, n_frames, 80), torch.full((1, n_frames), 125.0), torch.randn(1, 160 * n_frames)
    mask = torch.ones(1, n_frames, 1, dtype=torch.bool)

    def noise_alone(voiced: float, low_noise_db: torch.Tensor | None) -> torch.Tensor:
        gate = torch.full((1, n_frames), voiced)
        with torch.no_grad():
            with_noise, without = (
                generator(latent, f0, gate, source, mask, low_noise_db=low_noise_db)
                for source in (noise, torch.zeros_like(noise))
            )
        power: torch.Tensor = torch.fft.rfft(with_noise - without).abs().square()[0]
        return power

    changed_db = 10 * torch.log10(noise_alone(1.0, torch.tensor([-6.0])) / noise_alone(1.0, None))
    hz = torch.linspace(0, 8000, len(changed_db))
    assert (changed_db[(hz > 100) & (hz < 700)].median() + 6).abs() < 0.3
    assert changed_db[hz > 1400].median().abs() < 0.1
    torch.testing.assert_close(noise_alone(0.0, torch.tensor([-6.0])), noise_alone(0.0, None), rtol=0, atol=0)


def test_a_changing_vowel_moves_the_pitch_less_in_a_song_and_its_spectrum_as_much() -> None:
    torch.manual_seed(0)
    generator, mel = LiteWaveformGenerator(tiny_config()).eval(), LogMel()
    n_frames, f0_hz = 80, 200.0
    formants = torch.stack([torch.linspace(1.0, -2.0, 80), torch.linspace(-1.0, 1.0, 80)])
    latent = formants[torch.arange(n_frames) // 8 % 2][None]
    f0, voiced = torch.full((1, n_frames), f0_hz), torch.ones(1, n_frames)
    mask, silence = torch.ones(1, n_frames, 1, dtype=torch.bool), torch.zeros(1, 160 * n_frames)
    with torch.no_grad():
        speech, song = (generator(latent, f0, voiced, silence, mask, is_song=is_song) for is_song in (False, True))

    def deviation_cents(sound: torch.Tensor) -> float:
        """Mean deviation of the first harmonic from F0, from its phase in windows of 20 ms."""
        demodulated = sound[0].double() * torch.exp(-2j * math.pi * f0_hz / 16000 * torch.arange(160 * n_frames))
        phase = (demodulated.unfold(0, 320, 80) * torch.hann_window(320)).sum(1).angle().numpy()
        turns_hz = np.diff(np.unwrap(phase))[20:-20] * 16000 / 80 / (2 * math.pi)
        return float(np.abs(1200 * np.log2(1 + turns_hz / f0_hz)).mean())

    assert deviation_cents(song) < 0.6 * deviation_cents(speech)
    assert (mel(song) - mel(speech)).abs().mean() < 0.15
