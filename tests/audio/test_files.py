import io
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hierbatch.audio.files import SoundLimits, describe_sound, encode_sound, read_sound, write_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError, PromptError, SourceError, StorageError
from tests.audio.signals import speech_like, tone


def test_flac_round_trip_loses_half_a_step_at_most():
    sound = speech_like(1.0)
    back = read_sound(encode_sound(sound))
    assert back.rate_hz == sound.rate_hz
    assert np.abs(back.samples - sound.samples).max() <= 0.5 / 32768 + 1e-9


@pytest.mark.parametrize(
    ("container", "codec"), [("WAV", "PCM_16"), ("WAV", "FLOAT"), ("FLAC", "PCM_24"), ("AIFF", "PCM_16")]
)
def test_writes_and_reads_containers(tmp_path, container, codec):
    path = tmp_path / "sound.anything"
    write_sound(path, Waveform(tone(440, 0.2, 22_050, -6), 22_050), container=container, codec=codec)
    info = describe_sound(path)
    assert (info.container, info.codec, info.rate_hz, info.n_samples) == (container, codec, 22_050, 4410)
    assert info.duration_s == pytest.approx(0.2)
    np.testing.assert_allclose(read_sound(path).samples, tone(440, 0.2, 22_050, -6), atol=4e-5)


def test_what_passes_full_scale_is_clipped_not_wrapped():
    loud = Waveform(np.array([1.5, -1.5, 0.0], np.float32), 16_000)
    np.testing.assert_allclose(read_sound(encode_sound(loud)).samples, [1, -1, 0], atol=1e-4)


def test_channels_are_averaged():
    sink = io.BytesIO()
    soundfile.write(
        sink, np.stack([np.full(100, 0.5), np.full(100, 0.25)], axis=1), 8000, format="WAV", subtype="FLOAT"
    )
    np.testing.assert_allclose(read_sound(sink.getvalue()).samples, 0.375)


@pytest.mark.parametrize("raises", [InputError, PromptError, SourceError])
def test_the_caller_names_the_error(tmp_path, raises):
    with pytest.raises(raises, match=r"voice of anna.*not a readable audio file"):
        read_sound(b"no sound at all", name="voice of anna", raises=raises)
    with pytest.raises(raises, match="No such file"):
        read_sound(tmp_path / "missing.wav", raises=raises)
    with pytest.raises(raises, match="a folder"):
        read_sound(tmp_path, raises=raises)
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(raises, match="a pipe"):
        read_sound(tmp_path / "pipe.wav", raises=raises)
    with pytest.raises(raises, match="a device"):
        describe_sound(Path("/dev/zero"), raises=raises)


def test_limits_hold_for_length_and_size(tmp_path):
    path = tmp_path / "long.flac"
    write_sound(path, Waveform(np.zeros(16_000 * 3, np.float32), 16_000))
    with pytest.raises(InputError, match="too long"):
        read_sound(path, limits=SoundLimits(max_duration_s=2.0))
    with pytest.raises(InputError, match="too large"):
        read_sound(path, limits=SoundLimits(max_bytes=10))
    assert read_sound(path, limits=SoundLimits(max_duration_s=3.0)).n_samples == 48_000


def test_a_wrong_length_in_a_header_is_ignored():
    content = bytearray(encode_sound(Waveform(np.zeros(100, np.float32), 8000), container="WAV"))
    content[40:44] = (0x7FFFFFF0).to_bytes(4, "little")  # size of the data chunk
    assert read_sound(bytes(content)).n_samples == 100


def test_empty_and_unreal_sound_is_refused():
    with pytest.raises(PromptError, match="no sound"):
        read_sound(encode_sound(Waveform(np.zeros(0, np.float32), 8000), container="WAV"), raises=PromptError)
    wild = encode_sound(Waveform(np.array([0, np.nan], np.float32), 8000), container="WAV", codec="FLOAT")
    with pytest.raises(PromptError, match="not finite"):
        read_sound(wild, raises=PromptError)


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "sound.flac"
    path.write_bytes(b"before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(StorageError, match="No space left"):
        write_sound(path, speech_like(0.2))
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["sound.flac"]
