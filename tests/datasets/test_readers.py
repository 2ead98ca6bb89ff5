"""All layouts give the same rows; a fault is one sentence, and costs its row or stops with expected, got and fix."""

import numpy as np
import pytest

from hierbatch.datasets.options import LAYOUT_NAMES, DatasetOptions
from hierbatch.datasets.readers import LAYOUTS, find_layout, read_dataset
from hierbatch.datasets.rows import DatasetRow, RejectedRow
from hierbatch.errors import InputError
from tests.datasets import layouts


def usable(path, **options):
    return [row for row in read_dataset([path], DatasetOptions(**options)) if isinstance(row, DatasetRow)]


def rejected(path, **options):
    return [row for row in read_dataset([path], DatasetOptions(**options)) if isinstance(row, RejectedRow)]


def test_every_layout_of_the_table_is_tested():
    assert set(layouts.LAYOUTS) == set(LAYOUTS)
    assert tuple(LAYOUTS) == LAYOUT_NAMES


@pytest.mark.parametrize("name", layouts.LAYOUTS)
def test_layouts_are_detected_and_give_the_same_rows(tmp_path, name):
    layouts.LAYOUTS[name](tmp_path / "data")
    assert find_layout(tmp_path / "data") == name
    rows = usable(tmp_path / "data")
    assert rejected(tmp_path / "data") == []
    assert [row.text for row in rows] == list(layouts.TEXTS)
    assert [row.language for row in rows] == (["ko"] * 3 if name == "nikl" else ["en"] * 3)
    speakers = ["data"] * 3 if name == "ljspeech" else list(layouts.SPEAKERS)
    assert [row.speaker for row in rows] == speakers
    np.testing.assert_allclose([row.duration_s for row in rows], layouts.DURATIONS_S, atol=0.13)  # MP3 adds padding
    np.testing.assert_allclose([row.read().duration_s for row in rows], layouts.DURATIONS_S, atol=0.13)
    assert len({row.id for row in rows}) == 3


def test_a_table_of_paths_and_a_single_recording_are_data_sets(tmp_path):
    rows = usable(layouts.json_lines(tmp_path))
    assert [(row.id, row.text) for row in rows] == [(f"u{n}", text) for n, text in enumerate(layouts.TEXTS)]
    (row,) = usable(layouts.write(tmp_path / "one" / "alone.wav", layouts.encoded(1.0)))
    assert (row.id, row.speaker, row.text, row.duration_s) == ("alone", "one", "", 1.0)


def test_segments_are_spans_of_their_recording(tmp_path):
    layouts.kaldi(tmp_path)
    for n, row in enumerate(usable(tmp_path)):
        samples = row.read().samples
        assert len(samples) == round(layouts.DURATIONS_S[n] * layouts.RATE_HZ)
        np.testing.assert_allclose(samples, 0.1 * (n + 1), atol=1e-4)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_korean_scripts_are_read_in_their_encodings(tmp_path, encoding):
    layouts.nikl(tmp_path, encoding)
    assert [row.text for row in usable(tmp_path)] == list(layouts.TEXTS)


def test_options_replace_language_and_speaker(tmp_path):
    layouts.folder(tmp_path)
    assert {(row.language, row.speaker) for row in usable(tmp_path, language="ko", speaker="me")} == {("ko", "me")}


def test_the_language_of_a_folder_is_that_of_its_texts(tmp_path):
    layouts.write(tmp_path / "a.wav", layouts.encoded(1))
    layouts.write(tmp_path / "a.txt", "안녕하세요. 반갑습니다.")
    assert [row.language for row in usable(tmp_path)] == ["ko"]


# A file that is damaged or missing, and the sentence of its row.
ROW_FAULTS = [
    ("folder", "101/u0.wav", b"RIFF", "is not a readable audio file"),
    ("folder", "101/u0.wav", b"", "recording of row 101/u0"),
    ("folder", "101/u0.txt", b"\xff\xfe\xfa", "is not UTF-8"),
    ("ljspeech", "wavs/u0.wav", None, "Cannot read the recording of row u0"),
    ("ljspeech", "metadata.csv", b"u0\nu1|It is late.|It is late.\nu2|Good night.|", "Expected: id|text"),
    ("librispeech", "dev-clean/101/7/101-7-0000.flac", None, "Cannot read"),
    ("libritts", "101/7/101_7_0000.wav", b"no audio", "recording of row 101_7_0000"),
    ("common-voice", "clips/u0.mp3", None, "Cannot read"),
    ("common-voice", "validated.tsv",
     b"client_id\tpath\tsentence\n\tu0.mp3\tHi\n101\tu1.mp3\tIt is late.\n202\tu2.mp3\tGood night.",
     "Expected: client_id and path"),
    ("kaldi", "utt2spk", b"u1 101\nu2 202\n", "Expected: u0 SPEAKER"),
    ("kaldi", "segments", b"u0 elsewhere 0 1\nu1 session 0 1\nu2 session 0 1\n", "no recording elsewhere"),
    ("kaldi", "segments", b"u0 session 0 one\nu1 session 0 1\nu2 session 0 1\n", "RECORDING START END"),
    ("kaldi", "segments", b"u0 session 2 99\nu1 session 0 1\nu2 session 0 1\n", "outside the recording"),
    ("nikl", "101/101_t01_s01.wav", b"", "recording of row 101_t01_s01"),
    ("nikl", "101/101_t01_s01.wav", b"RIFF", "recording of row 101_t01_s01"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "file", "content", "sentence"), ROW_FAULTS)
def test_a_fault_costs_its_row_only(tmp_path, name, file, content, sentence):
    layouts.LAYOUTS[name](tmp_path)
    (tmp_path / file).unlink() if content is None else (tmp_path / file).write_bytes(content)
    (fault,) = rejected(tmp_path, layout=name)
    assert sentence in fault.reason
    assert [row.text for row in usable(tmp_path, layout=name)] == list(layouts.TEXTS[1:])


# A file without which a data set cannot be read, or its changed content.
SET_FAULTS = [
    ("ljspeech", "metadata.csv", None, "metadata.csv"),
    ("ljspeech", "wavs", None, "Expected: a folder wavs"),
    ("ljspeech", "metadata.csv", "\xe9".encode("latin-1"), "convert the file to UTF-8"),
    ("common-voice", "validated.tsv", b"path\tsentence\nu0.mp3\tHi\n", "lacks a column: client_id"),
    ("common-voice", "validated.tsv", b"", "client_id, path, sentence"),
    ("kaldi", "wav.scp", None, "wav.scp"),
    ("kaldi", "utt2spk", None, "utt2spk"),
    ("nikl", "script_nmbd_by_sentence.txt", None, "script_nmbd_by_sentence.txt"),
    ("nikl", "script_nmbd_by_sentence.txt", b"no numbers", "has no sentences"),
    ("manifest", "a.parquet", b"PAR1", "cannot be read"),
]


@pytest.mark.parametrize(("name", "file", "content", "sentence"), SET_FAULTS)
def test_a_missing_file_or_column_is_a_sentence(tmp_path, name, file, content, sentence):
    layouts.LAYOUTS[name](tmp_path)
    layouts.clear(tmp_path / file) if content is None else (tmp_path / file).write_bytes(content)
    with pytest.raises(InputError) as fault:
        list(read_dataset([tmp_path], DatasetOptions(layout=name)))
    assert sentence in str(fault.value)
    assert "Expected: " in str(fault.value) or fault.value.got
    assert "Fix: " in str(fault.value)


@pytest.mark.parametrize("column", ["id", "audio"])
def test_a_missing_column_of_a_manifest_is_named(tmp_path, column):
    import pyarrow.parquet as pq

    layouts.parquet(tmp_path)
    for file in tmp_path.glob("*.parquet"):
        pq.write_table(pq.read_table(file).drop_columns([column]), file)
    with pytest.raises(InputError, match=f"lacks a column: {column}"):
        list(read_dataset([tmp_path]))


@pytest.mark.parametrize("name", [name for name in layouts.LAYOUTS if name not in ("manifest", "folder")])
def test_the_wrong_layout_is_a_sentence(tmp_path, name):
    layouts.folder(tmp_path)
    with pytest.raises(InputError, match="Fix: "):
        list(read_dataset([tmp_path], DatasetOptions(layout=name)))


def test_commands_of_kaldi_are_not_run(tmp_path):
    layouts.kaldi(tmp_path)
    (tmp_path / "wav.scp").write_text(f"session touch {tmp_path}/ran |\n")
    with pytest.raises(InputError, match="no usable rows"):
        list(read_dataset([tmp_path]))
    assert not (tmp_path / "ran").exists()


def test_an_id_counts_once(tmp_path):
    layouts.parquet(tmp_path / "a")
    layouts.ljspeech(tmp_path / "b")
    layouts.write(tmp_path / "b" / "wavs" / "new.wav", layouts.encoded(1))
    with (tmp_path / "b" / "metadata.csv").open("a") as table:
        table.write("new|A new row.|A new row.\n")
    rows = list(read_dataset([tmp_path / "a", tmp_path / "b"]))
    assert [row.id for row in rows if isinstance(row, DatasetRow)] == ["u0", "u1", "u2", "new"]
    assert [row.reason.partition(".")[0] for row in rows if isinstance(row, RejectedRow)] == [
        f"The id u{n} occurs twice" for n in range(3)
    ]


@pytest.mark.parametrize(("path", "layout"), [("nowhere", "auto"), (".", "wave")])
def test_unknown_paths_and_layouts_are_sentences(tmp_path, path, layout):
    with pytest.raises(InputError, match="Fix: "):
        list(read_dataset([tmp_path / path], DatasetOptions(layout=layout)))


def test_an_empty_folder_is_a_sentence(tmp_path):
    with pytest.raises(InputError, match="There are no recordings"):
        list(read_dataset([tmp_path]))
