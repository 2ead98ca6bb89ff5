"""Separators and column names of users' tables."""

import unicodedata

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.errors import ManifestError
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS
from hierbatch.manifest.tables.checks import ManifestRequirements, check_manifest, column_notices
from hierbatch.manifest.tables.store import open_table
from hierbatch.manifest.voices.voices import read_voices

_WANTED = [{"id": "007", "text": "Hello; there, you.", "seed": 3}]


@pytest.mark.parametrize(
    "content",
    [
        "id,text,seed\n007,'Hello; there, you.',3\n",
        "id;text;seed\n007;'Hello; there, you.';3\n",
        "id\ttext\tseed\n007\tHello; there, you.\t3\n",
        "ID, Text ,SEED\n007,'Hello; there, you.',3\n",
        "'Id';'text';'seed'\r\n007;'Hello; there, you.';3\r\n",
        "\ufeffid,text,seed\n007,'Hello; there, you.',3\n",
    ],
)
def test_separators_capitals_and_spaces_are_understood(tmp_path, content):
    (tmp_path / "m.csv").write_text(content.replace("'", '"'), encoding="utf-8")
    table = open_table(tmp_path / "m.csv", MANIFEST_COLUMNS)
    assert table.problems == ()
    assert pa.concat_tables(table.batches()).to_pylist() == _WANTED


def test_names_of_json_and_parquet_columns_are_understood_too(tmp_path):
    (tmp_path / "m.jsonl").write_text('{"ID": "007", "Text": "2026-11-02", "Source Ref": "a"}\n')
    pq.write_table(pa.table({"ID": ["007"], " text": ["2026-11-02"], "source_REF": ["a"]}), tmp_path / "m.parquet")
    for name in ("m.jsonl", "m.parquet"):
        table = open_table(tmp_path / name, MANIFEST_COLUMNS)
        rows = pa.concat_tables(table.batches(["id", "text", "source_ref"])).to_pylist()
        assert rows == [{"id": "007", "text": "2026-11-02", "source_ref": "a"}]


def test_other_columns_are_named_in_nfc_and_keep_their_case(tmp_path):
    (tmp_path / "m.csv").write_text(
        f"id,text, {unicodedata.normalize('NFD', '감정')},Mood\na,b,c,d\n", encoding="utf-8"
    )
    table = open_table(tmp_path / "m.csv", MANIFEST_COLUMNS)
    assert table.schema.names == ["id", "text", unicodedata.normalize("NFC", "감정"), "Mood"]
    assert next(table.batches(["Mood"])).to_pylist() == [{"Mood": "d"}]


def test_two_spellings_of_one_column_are_a_problem(tmp_path):
    (tmp_path / "m.csv").write_text("id,ID,text\na,b,c\n")
    assert open_table(tmp_path / "m.csv", MANIFEST_COLUMNS).problems == ("column id occurs twice",)


def test_a_missing_column_is_reported_with_those_that_exist(tmp_path):
    (tmp_path / "m.csv").write_text("name|sentence\na|b\n")
    with pytest.raises(ManifestError, match=r"column id is missing \(the table has name\|sentence\)"):
        check_manifest(open_table(tmp_path / "m.csv", MANIFEST_COLUMNS), ManifestRequirements())
    (tmp_path / "v.csv").write_text("name;file\na;b\n")
    with pytest.raises(ManifestError, match=r"column voice is missing \(the table has name, file\)"):
        read_voices(tmp_path / "v.csv")


def test_names_are_compared_in_nfc_and_texts_stay_as_written(tmp_path):
    decomposed = unicodedata.normalize("NFD", "장")
    (tmp_path / "m.csv").write_text(f"id,text,book\na,{decomposed},{decomposed}\n", encoding="utf-8")
    (row,) = next(open_table(tmp_path / "m.csv", MANIFEST_COLUMNS).batches()).to_pylist()
    assert row == {"id": "a", "text": decomposed, "book": unicodedata.normalize("NFC", "장")}


def test_empty_bytes_do_not_hide_the_path_of_a_recording(tmp_path):
    sounds = [{"bytes": b"", "path": "a.wav"}, {"bytes": b"", "path": None}, {"bytes": b"x", "path": "b.wav"}, None]
    pq.write_table(pa.table({"id": ["a", "b", "c", "d"], "source": sounds}), tmp_path / "m.parquet")
    (rows,) = open_table(tmp_path / "m.parquet", MANIFEST_COLUMNS).batches()
    assert rows.column("source").to_pylist() == [
        {"bytes": None, "path": "a.wav"}, {"bytes": b"", "path": None}, {"bytes": b"x", "path": "b.wav"}, None,
    ]  # fmt: skip


def test_columns_that_probably_mean_another_one_are_named():
    assert column_notices(["id", "text", "lang", "Langauge", "mood", "sentence", "Speaker ID"]) == (
        "Column lang has no effect. Did you mean language?",
        "Column Langauge has no effect. Did you mean language?",
        "Column Speaker ID has no effect. Did you mean voice?",
    )
    assert column_notices(["id", "text", "lang", "language", "speaker", "voice"]) == ()
