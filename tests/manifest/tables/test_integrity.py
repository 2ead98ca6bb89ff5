"""Damaged and hostile tables end in a message."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.errors import ManifestError
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS
from hierbatch.manifest.tables.csv_table import read_csv, write_csv
from hierbatch.manifest.tables.integrity import MAX_JSON_DEPTH
from hierbatch.manifest.tables.store import open_table


@pytest.mark.parametrize("value", ["[" * 100_000 + "]" * 100_000, '{"a":' * 900 + "1" + "}" * 900, "[" * 100_000])
def test_deep_json_is_refused_before_arrow_reads_it(tmp_path: Path, value: str) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(f'{{"id": "a", "x": [1]}}\n{{"id": "b", "x": {value}}}\n')
    with pytest.raises(ManifestError, match=r"Line 2 of .* is nested too deeply"):
        open_table(path, MANIFEST_COLUMNS)


def test_brackets_in_texts_and_moderate_nesting_are_read(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    depth = MAX_JSON_DEPTH - 1
    path.write_text(f'{{"id": "a", "text": "{"[{" * 200}\\"[", "x": {"[" * depth}1{"]" * depth}}}\n')
    assert open_table(path, MANIFEST_COLUMNS).loaded["id"].to_pylist() == ["a"]


def test_text_that_is_not_utf8_names_its_column(tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(struct.pack("<3i", 0, 2, 3)), pa.py_buffer(b"a\xffb")]
    )
    pq.write_table(pa.table({"id": ["a", "b"], "text": broken}), tmp_path / "m.parquet")
    with pytest.raises(ManifestError, match="damaged values in column text"):
        list(open_table(tmp_path / "m.parquet", MANIFEST_COLUMNS).batches())


@pytest.mark.parametrize("stamp", [b"", b"nope", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"version": "9"}', b"3"])
def test_damaged_metadata_is_named(tmp_path: Path, stamp: bytes) -> None:
    table = pa.table({"id": ["a"], "text": ["Hi."]}).replace_schema_metadata({b"hierbatch": stamp})
    pq.write_table(table, tmp_path / "m.parquet")
    with pytest.raises(ManifestError, match="damaged metadata"):
        open_table(tmp_path / "m.parquet", MANIFEST_COLUMNS)


def test_formulas_are_written_as_text_and_read_back(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-- No.", "@x", "'=x", "''-x", "'tis", "", "=cmd|' /C calc'!A0", "plain", "\t=1"]
    table = pa.table(
        {"id": [f"r{number}" for number in range(len(texts))], "text": texts, "speed": [-1.0] * len(texts)}
    )
    write_csv(table, tmp_path / "m.csv")
    with (tmp_path / "m.csv").open(encoding="utf-8") as file:
        cells = [line.split(",")[1].strip('"') for line in file]
    assert not any(cell.startswith(tuple("=+-@\t\r")) for cell in cells)
    found, faults = read_csv(tmp_path / "m.csv", {"text": pa.string(), "speed": pa.float32()})
    assert not faults
    assert found["text"].to_pylist() == [text or None for text in texts]


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_a_pipe_is_not_a_table(tmp_path: Path, suffix: str) -> None:
    pipe = tmp_path / f"m{suffix}"
    os.mkfifo(pipe)
    with pytest.raises(ManifestError, match="no table"):
        open_table(pipe, MANIFEST_COLUMNS)
