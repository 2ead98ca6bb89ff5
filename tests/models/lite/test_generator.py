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
