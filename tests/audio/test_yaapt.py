import numpy as np
import pytest

from hierbatch.audio.pitch import estimate_f0
from hierbatch.audio.waveform import Waveform
from hierbatch.audio.yaapt import estimate_f0_by_yaapt, yaapt_f0
from hierbatch.errors import SourceError

RATE_HZ = 16_000


def glide(n_samples):
    """A voiced sound that rises from 120 to 240 Hz, between two silences."""
    f0 = np.geomspace(120, 240, n_samples)
    phase = 2 * np.pi * np.cumsum(f0) / RATE_HZ
    sound = sum(np.sin(harmonic * phase) / harmonic for harmonic in range(1, 12)) * 0.1
    quiet = np.random.default_rng(0).normal(scale=1e-4, size=RATE_HZ // 4)
    return Waveform(np.concatenate([quiet, sound, quiet]), RATE_HZ), f0


def octaves_apart(found, wanted):
    """But for whole octaves: YAAPT takes this sound for its lower octave now and then."""
    octaves = np.log2(found / wanted)
    return octaves - np.round(octaves)


def test_it_follows_a_glide_with_a_value_every_80_samples():
    sound, f0 = glide(RATE_HZ)
    found = yaapt_f0(sound)
    assert len(found) == sound.n_samples // 80
    inside = found[RATE_HZ // 4 // 80 :][: RATE_HZ // 80][10:-10]
    assert np.abs(octaves_apart(inside, f0[::80][10:-10])).max() < 0.06
    assert not found[:40].any()


def test_its_slower_frames_align_with_the_default_ones():
    sound, _ = glide(RATE_HZ)
    every_day, found = estimate_f0(sound), estimate_f0_by_yaapt(sound)
    assert len(found) == len(every_day)
    both = (found > 0) & (every_day > 0)
    assert both.sum() > 80
    assert np.median(np.abs(octaves_apart(found[both], every_day[both]))) < 0.015


def test_silence_is_unvoiced():
    assert not yaapt_f0(Waveform(np.zeros(RATE_HZ, np.float32), RATE_HZ)).any()


@pytest.mark.parametrize("n_samples", [100, 0])
def test_a_few_samples_are_reported(n_samples):
    with pytest.raises(SourceError, match="No pitch"):
        yaapt_f0(Waveform(np.zeros(n_samples, np.float32), RATE_HZ))
