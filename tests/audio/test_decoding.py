import io
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hierbatch.audio import ffmpeg_decoding
from hierbatch.audio.containers import HEAD_BYTES, detect_container
from hierbatch.audio.decoding import open_decoder, open_file
from hierbatch.audio.ffmpeg_decoding import ffmpeg_input
from hierbatch.errors import InputError
from tests.audio.signals import speech_like, tone


@pytest.mark.parametrize(("suffix", "container"), [("wav", "wav"), ("flac", "flac"), ("ogg", "ogg"), ("mp3", "mp3")])
def test_knows_a_file_by_its_content_and_not_by_its_name(tmp_path, suffix, container):
    path = tmp_path / f"sound.{suffix}"
    soundfile.write(path, speech_like(0.5, 44_100).samples, 44_100)
    other = path.rename(tmp_path / "sound.txt")
    assert detect_container(other.read_bytes()[:HEAD_BYTES]) == container
    with open_file(other, use_ffmpeg=True) as sound:
        assert sum(map(len, sound.blocks)) == pytest.approx(22_050, abs=1_200)


def test_channels_are_side_by_side(tmp_path):
    path = tmp_path / "stereo.wav"
    pair = np.stack([tone(300, 5, 48_000, -6), tone(500, 5, 48_000, -12)], axis=1)
    soundfile.write(path, pair, 48_000, subtype="FLOAT")
    with open_file(path, use_ffmpeg=True) as sound:
        np.testing.assert_array_equal(np.concatenate(list(sound.blocks)), pair)


@pytest.mark.parametrize("content", [b"", b"#EXTM3U\nhttp://example.org/a.ts\n", b"<html>", b"ffconcat version 1.0"])
def test_what_is_not_sound_is_refused_before_ffmpeg_sees_it(tmp_path, content):
    path = tmp_path / "list.mp3"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a readable audio file"), open_file(path, use_ffmpeg=True):
        pass


def test_damaged_and_missing_files_are_reported(tmp_path):
    path = tmp_path / "bad.flac"
    path.write_bytes(b"fLaC" + bytes(100))
    with pytest.raises(InputError, match="not a readable audio file"), open_file(path, use_ffmpeg=True):
        pass
    with pytest.raises(InputError, match="No such file"), open_file(tmp_path / "none.mp3"):
        pass


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    for use_ffmpeg in (False, True):
        with (
            pytest.raises(InputError, match="not a regular file"),
            open_file(tmp_path / "pipe.wav", use_ffmpeg=use_ffmpeg),
        ):
            pass


def test_a_name_cannot_steer_ffmpeg(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "-f lavfi.wav"
    soundfile.write(tmp_path / name, tone(300, 0.1, 16_000), 16_000)
    with open_file(Path(name), use_ffmpeg=True) as sound:
        assert sum(map(len, sound.blocks)) == 1_600


def test_a_flac_file_behind_an_id3_tag_is_read_as_without_it(tmp_path):
    samples = np.sin(np.arange(4000) / 9).astype(np.float32) / 2
    content = io.BytesIO()
    soundfile.write(content, samples, 16000, format="FLAC", subtype="PCM_16")
    tag = b"ID3\x04\x00\x00\x00\x00\x08\x00" + bytes(1024)  # 8 << 7 bytes of padding
    for source in (tag + content.getvalue(), content.getvalue()):
        with open_decoder(source) as sound:
            decoded = np.concatenate(list(sound.blocks))[:, 0]
            assert (sound.container, sound.is_truncated) == ("flac", False)
        np.testing.assert_allclose(decoded, samples, atol=1 / 32768)


def test_ffmpeg_gets_the_container_by_name_and_no_protocol_but_files_and_pipes(tmp_path):
    path = tmp_path / "http:--example.org-a.m3u8"
    soundfile.write(path, tone(300, 0.1, 16_000), 16_000, format="FLAC")
    arguments = ffmpeg_input(path)
    options = dict(pairwise(arguments))
    assert (options["-f"], options["-protocol_whitelist"], options["-i"]) == ("flac", "file,pipe", f"file:{path}")
    assert arguments.index("-f") < arguments.index("-i")
    assert ffmpeg_decoding._DECODING_TIMEOUT_S == 30 * 60
