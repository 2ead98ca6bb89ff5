"""Watermark by Perth: found after MP3 and resampling, lost when the speed changes, absent from other sounds."""

import subprocess

import numpy as np
import pytest

from hierbatch.audio.files import read_sound, write_sound
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.programs import ffmpeg_program
from tests.loading import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def watermarker():
    pytest.importorskip("perth", reason="the extra watermark is not installed")
    from hierbatch.audio.watermark import Watermarker

    return Watermarker()


@pytest.fixture(scope="module")
def speech():
    return read_sound(ROOT / "manifests" / "voices" / "narrator.flac")


@pytest.fixture(scope="module")
def marked(watermarker, speech):
    return watermarker.mark(speech)


def test_the_mark_is_found_after_mp3_and_resampling_and_lost_at_another_speed(watermarker, speech, marked, tmp_path):
    assert watermarker.detect(speech) < 0.5
    assert watermarker.detect(marked) > 0.95
    write_sound(tmp_path / "marked.flac", resample(marked, 44_100))
    arguments = ["-loglevel", "error", "-i", tmp_path / "marked.flac", "-b:a", "128k", tmp_path / "marked.mp3"]
    subprocess.run([ffmpeg_program(), *arguments], check=True)
    assert watermarker.detect_file(tmp_path / "marked.mp3") > 0.95
    assert watermarker.detect(resample(marked, 8_000)) > 0.95
    faster = Waveform(resample(marked, 14_400).samples, 16_000)
    assert watermarker.detect(faster) < 0.5


def test_length_and_everything_above_the_network_s_bands_stay(watermarker):
    generator = np.random.default_rng(0)
    sound = Waveform((0.05 * generator.standard_normal(48_001)).astype(np.float32), 48_000)
    difference = watermarker.mark(sound).samples - sound.samples
    assert len(difference) == 48_001
    spectrum = np.abs(np.fft.rfft(difference)) ** 2
    above = np.fft.rfftfreq(len(difference), 1 / 48_000) > 4_000
    assert spectrum[above].sum() < 1e-3 * spectrum.sum()


def test_silence_stays_silence(watermarker):
    silence = Waveform(np.zeros(16_000, np.float32), 16_000)
    assert not watermarker.mark(silence).samples.any()
    assert watermarker.detect(silence) == 0.0
