"""Recordings, tables and names that hypothesis makes: commands end with exit code 0, 2 or 3, never in a traceback.

`HIERBATCH_EXAMPLES=15` makes fifteen times as many, some three hundred.
"""

import os
import shutil
import unicodedata
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hierbatch.programs import ffmpeg_program, run_program
from tests.cli.damage import edited, edits, exit_code
from tests.engine.planned_run import bundle_folder
from tests.making import prompt_file

_SCALE = int(os.environ.get("HIERBATCH_EXAMPLES", "1"))
_PASSING = (0, 2, 3)
_FORMATS = {
    "wav": (), "flac": (), "ogg": ("-c:a", "libvorbis"), "mp3": ("-q:a", "9"), "m4a": ("-c:a", "aac"),
    "webm": ("-c:a", "libopus"), "aiff": (), "mkv": ("-c:a", "flac"),
}  # fmt: skip

formats = st.sampled_from(sorted(_FORMATS))
names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12)
cells = st.one_of(
    names, st.sampled_from(["", "0", "-1", "1e9", "nan", "../x", "=1+1", "ko", "en", "a\tb", "a;b", 'a"b'])
)


@cache
def sound(suffix: str) -> bytes:
    """A recording of a second in each format."""
    with TemporaryDirectory() as name:
        source, target = prompt_file(Path(name), 1.2), Path(name) / f"made.{suffix}"
        run_program(
            [ffmpeg_program(), "-loglevel", "error", "-y", "-i", source, *_FORMATS[suffix], target], timeout_s=60
        )
        return target.read_bytes()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    return bundle_folder(folder), prompt_file(folder)


@settings(max_examples=6 * _SCALE)
@given(formats, edits)
def test_any_sound_can_be_checked(suffix, changes):
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"a.{suffix}"
        file.write_bytes(edited(sound(suffix), changes))
        assert exit_code("check", file, "--profile", "podcast") in _PASSING


@settings(max_examples=2 * _SCALE)
@given(st.lists(st.tuples(formats, edits), min_size=2, max_size=4), names)
def test_any_recordings_can_be_converted(bundle, recordings, name):
    with TemporaryDirectory() as folder:
        rows = ["id;Source"]
        for number, (suffix, changes) in enumerate(recordings):
            file = Path(folder) / f"{number}é.{suffix}"
            file.write_bytes(edited(sound(suffix), changes))
            rows.append(f"r{number};{unicodedata.normalize('NFD', file.name)}")
        (Path(folder) / "m.csv").write_text("\n".join([*rows, f'odd;"{name.replace(chr(34), "")}"']), encoding="utf-8")
        model, voice = bundle
        options = ("--voice", voice, "--model", model, "--engine", "local", "--out", f"{folder}/run")
        assert exit_code("convert", f"{folder}/m.csv", *options) in _PASSING
        if (Path(folder) / "run").exists():
            assert exit_code("retry", f"{folder}/run", "--engine", "local") in _PASSING
            assert exit_code("status", f"{folder}/run") in _PASSING


@settings(max_examples=3 * _SCALE)
@given(formats, edits)
def test_any_prompt_can_be_given(bundle, suffix, changes):
    with TemporaryDirectory() as folder:
        (Path(folder) / f"v.{suffix}").write_bytes(edited(sound(suffix), changes))
        (Path(folder) / "m.csv").write_text("id,text\na,Hello there.\n")
        model, _ = bundle
        options = ("--voice", f"{folder}/v.{suffix}", "--language", "en", "--model", model)
        assert exit_code("plan", f"{folder}/m.csv", *options) in _PASSING


@settings(max_examples=2 * _SCALE)
@given(
    st.binary(min_size=1, max_size=6),
    st.lists(st.lists(cells, min_size=3, max_size=3), max_size=3),
    st.text(max_size=60),
)
def test_any_names_and_segments_can_be_dubbed(bundle, raw_name, segments, cues):
    with TemporaryDirectory() as folder:
        source = Path(folder) / "in"
        source.mkdir()
        (source / "good.wav").write_bytes(sound("wav"))
        (source / "good.srt").write_text(cues, encoding="utf-8", errors="replace")
        odd = os.fsencode(source) + b"/" + raw_name.replace(b"/", b"-").replace(b"\0", b"-") + b".wav"
        Path(os.fsdecode(odd)).write_bytes(sound("wav"))
        shutil.copy(source / "good.wav", source / "segments.wav")
        lines = ["start;end;speaker", *(";".join(cell.replace(";", ",") for cell in row) for row in segments)]
        (source / "segments.csv").write_text("\n".join(lines), encoding="utf-8")
        model, voice = bundle
        options = ("--voice", voice, "--model", model, "--engine", "local", "--out", f"{folder}/out")
        assert exit_code("dub", source, *options) in _PASSING


@settings(max_examples=8 * _SCALE)
@given(st.lists(st.lists(cells, min_size=2, max_size=5), max_size=5), st.sampled_from(",;\t"), st.binary(max_size=3))
def test_any_table_can_be_planned(bundle, rows, separator, tail):
    header = separator.join(["ID", " text", "Speed", "voice", "감정"])
    lines = [header, *(separator.join(row) for row in rows)]
    with TemporaryDirectory() as folder:
        (Path(folder) / "m.csv").write_bytes("\n".join(lines).encode() + tail)
        model, voice = bundle
        options = ("--voice", voice, "--language", "en", "--model", model)
        assert exit_code("plan", f"{folder}/m.csv", *options) in _PASSING
