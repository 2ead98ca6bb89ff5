"""Full-band clips made in memory, and a SpeechSR small enough for tests."""

import numpy as np
from scipy import signal

from hierbatch.models.hierspeechpp.speechsr.config import SpeechSRConfig
from hierbatch.training.full_band import FullBandClip
from hierbatch.training.hierspeechpp.settings import AdamWSettings, RunSettings
from hierbatch.training.hierspeechpp.speechsr_config import SpeechSRData, SpeechSRTraining
from tests.training.hierspeechpp.tiny import DISCRIMINATORS


def made_clip(name, rate_hz=48_000, *, cutoff_hz=None, is_held_out=False, duration_s=0.6):
    random = np.random.default_rng(int(name))
    times = np.arange(int(duration_s * rate_hz)) / rate_hz
    tone = sum(np.sin(2 * np.pi * 150 * k * times) / k for k in range(1, int(rate_hz / 300)))
    sound = 0.1 * tone * (1 + 0.5 * np.sin(2 * np.pi * 5 * times)) + 0.01 * random.standard_normal(len(times))
    if cutoff_hz:
        sound = signal.sosfiltfilt(signal.ellip(8, 0.1, 90, cutoff_hz / (rate_hz / 2), output="sos"), sound)
    samples = np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16)
    return FullBandClip(id=name, speaker=f"s{name[-1]}", is_held_out=is_held_out, samples=samples, rate_hz=rate_hz)


def clips(n=6, rate_hz=48_000):
    return [made_clip(str(i), rate_hz, is_held_out=i == 0) for i in range(n)]


def speechsr_training(rate_hz=48_000, *, n_steps=2, batch_rows=4, learning_rate=2e-3, report_steps=5, **data):
    return SpeechSRTraining(
        network=SpeechSRConfig(rate_hz=rate_hz, channels=6, block_kernels=(3,), dilations=(1, 3)),
        discriminators=DISCRIMINATORS,
        mel_resolutions=((512, 128, 32),),
        optimizer=AdamWSettings(learning_rate=learning_rate, learning_rate_decay=0.995),
        data=SpeechSRData(batch_rows=batch_rows, segment_samples=2400, validation_rows=2, **data),
        run=RunSettings(n_steps=n_steps, report_steps=report_steps, validate_steps=n_steps, save_steps=n_steps),
    )
