"""Files as recorders, copies and encoders leave them: whole, cut, crashed, joined and misnamed."""

import io
import struct

import numpy as np
import pytest
import soundfile

from hierbatch.audio.containers import HEAD_BYTES, detect_container
from hierbatch.audio.files import describe_sound, read_sound
from hierbatch.audio.truncation import is_truncated
from hierbatch.errors import InputError
from hierbatch.programs import ffmpeg_program, run_program
from tests.audio.signals import speech_like

RATE_HZ = 16_000
KINDS = {
    "a.mp3": ("-c:a", "libmp3lame", "-b:a", "64k"),
    "vbr.mp3": ("-c:a", "libmp3lame", "-q:a", "4", "-write_xing", "0"),
    "a.m4a": ("-c:a", "aac"),
    "a.aac": ("-c:a", "aac", "-f", "adts"),
    "a.webm": ("-c:a", "libopus"),
    "a.opus": ("-c:a", "libopus"),
    "a.wma": ("-c:a", "wmav2"),
    "a.3gp": ("-c:a", "aac"),
    "a.caf": ("-c:a", "pcm_s16le"),
    "a.mkv": ("-c:a", "flac"),
    "a.wav": (),
    "rf64.wav": ("-rf64", "always"),
    "a.aiff": (),
    "a.flac": (),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four seconds of sound in every kind of file, by ffmpeg."""
    made = tmp_path_factory.mktemp("kinds")
    soundfile.write(made / "sound.wav", speech_like(4.0, RATE_HZ).samples, RATE_HZ)
    outputs = [part for name, options in KINDS.items() for part in (*options, str(made / name))]
    run_program([ffmpeg_program(), "-v", "error", "-y", "-i", str(made / "sound.wav"), *outputs])
    return made


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_read_to_its_end_under_any_name(folder, tmp_path, name):
    path = tmp_path / "misnamed.wav"
    path.write_bytes((folder / name).read_bytes())
    sound = read_sound(path, require_complete=True)
    assert sound.duration_s == pytest.approx(4.0, abs=0.15)
    assert describe_sound(path).duration_s == pytest.approx(4.0, abs=0.2)


@pytest.mark.parametrize("name", KINDS)
def test_a_file_that_was_cut_is_truncated_and_a_whole_one_is_not(folder, name):
    content = (folder / name).read_bytes()
    container = detect_container(content[:HEAD_BYTES])
    assert not is_truncated(io.BytesIO(content), container)
    if name in ("a.m4a", "a.3gp"):  # their table of contents is at the end
        with pytest.raises(InputError):
            read_sound(content[: len(content) * 6 // 10], require_complete=True)
        return
    with pytest.raises(InputError, match="truncated"):
        read_sound(content[: len(content) * 6 // 10], require_complete=True)


@pytest.mark.parametrize("name", KINDS)
def test_of_joined_files_all_sound_is_read_or_none(folder, name):
    content = (folder / name).read_bytes() * 2
    try:
        sound = read_sound(content, require_complete=True)
    except InputError as error:
        assert "truncated or damaged" in str(error)  # noqa: PT017 - one of two right outcomes
    else:
        assert sound.duration_s == pytest.approx(8.0, abs=0.3)


def _wav_of_a_crashed_recorder(folder):
    content = bytearray((folder / "a.wav").read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = content[4:8] = bytes(4)
    return bytes(content)


def _flac_of_a_crashed_recorder(folder):
    content = bytearray((folder / "a.flac").read_bytes())
    content[21] &= 0xF0
    content[22:42] = bytes(20)
    return bytes(content)


def _ogg_of_a_crashed_recorder(folder):
    content = (folder / "a.opus").read_bytes()
    last = content.rindex(b"OggS")
    assert content[last + 5] & 4  # the page with the end mark
    return content[:last]


@pytest.mark.parametrize(
    "crashed", [_wav_of_a_crashed_recorder, _flac_of_a_crashed_recorder, _ogg_of_a_crashed_recorder]
)
def test_a_recorder_that_crashed_leaves_all_sound_there_is(folder, crashed):
    content = crashed(folder)
    assert 2.9 < read_sound(content, require_complete=True).duration_s <= 4.01
    assert 2.9 < describe_sound(content).duration_s <= 4.1


def test_headers_that_end_in_the_middle_are_truncated_and_never_an_exception(folder):
    for name in KINDS:
        content = (folder / name).read_bytes()
        container = detect_container(content[:HEAD_BYTES])
        rng = np.random.default_rng(len(name))
        for n_bytes in (*range(1, 120, 7), *rng.integers(1, len(content), 20)):
            is_truncated(io.BytesIO(content[:n_bytes]), container)
            broken = bytearray(content[:2_000])
            broken[rng.integers(4, len(broken))] ^= 0xFF
            is_truncated(io.BytesIO(bytes(broken)), container)


def test_boxes_and_chunks_of_no_length_end_the_search():
    assert not is_truncated(io.BytesIO(struct.pack(">I4s", 0, b"ftyp") * 1000), "mov")
    assert not is_truncated(io.BytesIO(b"caff\0\1\0\0" + struct.pack(">4sq", b"data", -1)), "caf")
