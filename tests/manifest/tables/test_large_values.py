"""A file with large audio values is the one that Arrow writes, to the byte."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.manifest.columns.schema import AUDIO
from hierbatch.manifest.tables import large_values
from hierbatch.manifest.tables.parquet_writing import write_rows
from hierbatch.manifest.tables.thrift_compact import read_struct, write_struct

LARGE = 1000
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("timings", pa.list_(pa.struct([("text", pa.string()), ("start_s", pa.float64())]))),
        ("audio", AUDIO),
        ("note", pa.string()),
        ("source", AUDIO),
    ],
    metadata={"version": "1"},
)


def table(sizes):
    rng = np.random.default_rng(0)
    rows = [
        {
            "id": f"r{n}",
            "timings": [{"text": "a", "start_s": 0.5}] * n,
            "audio": None if size is None else {"bytes": rng.bytes(size), "path": f"{n}.flac" if n % 2 else None},
            "note": "x" * n,
            "source": {"bytes": rng.bytes(2 * (size or 0)), "path": None},
        }
        for n, size in enumerate(sizes)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def written_by_arrow(rows, path):
    """The same tables, each row with a large value in a row group of its own."""
    names = [("id",), ("timings.list.element.text",), ("timings.list.element.start_s",), ("note",)]
    compressed = [name for (name,) in names]
    sound = [f"{column}.{leaf}" for column in ("audio", "source") for leaf in ("bytes", "path")]
    codecs = dict.fromkeys(compressed, "zstd") | dict.fromkeys(sound, "NONE")
    with pq.ParquetWriter(
        path, SCHEMA, compression=codecs, use_dictionary=compressed, write_statistics=compressed
    ) as writer:
        for part in large_values.split_large_values([rows]):
            writer.write_table(part, row_group_size=32)


@pytest.mark.parametrize(
    "sizes", [[5000], [3, 2000, 70_000, 8, None, 600, 0], [100] * 40 + [300_000], [None, 5, 499]], ids=str
)
def test_the_file_is_that_of_arrow_to_the_byte(tmp_path, monkeypatch, sizes):
    monkeypatch.setattr(large_values, "MIN_LARGE_BYTES", LARGE)
    rows = table(sizes)
    assert write_rows([rows], SCHEMA, tmp_path / "made.parquet") == len(sizes)
    written_by_arrow(rows, tmp_path / "wanted.parquet")
    assert (tmp_path / "made.parquet").read_bytes() == (tmp_path / "wanted.parquet").read_bytes()
    assert pq.read_table(tmp_path / "made.parquet").equals(rows)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made.parquet", "wanted.parquet"]


def test_a_struct_that_is_read_and_written_again_is_the_same(tmp_path):
    pq.write_table(table([1, 2, None]), tmp_path / "t.parquet")
    content = (tmp_path / "t.parquet").read_bytes()
    footer = content[-8 - int.from_bytes(content[-8:-4], "little") : -8]
    fields, end = read_struct(footer)
    assert end == len(footer)
    assert write_struct(fields) == footer


def test_a_large_value_is_written_from_where_it_is(monkeypatch):
    monkeypatch.setattr(large_values, "MIN_LARGE_BYTES", LARGE)
    rows = table([10, 5000, 20]).select(["id", "audio"])
    data = rows.column("audio").chunk(0).field("bytes").buffers()[2]
    _, alone, _ = large_values.split_large_values([rows])
    small, (value,) = large_values.take_large_values(alone, 7)
    assert data.address <= value.content.address < data.address + data.size
    assert value.content.to_pybytes() == rows.column("audio")[1]["bytes"].as_py()
    assert (value.row_group, value.column) == (7, 1)
    assert small.column("audio").to_pylist() == [{"bytes": b"", "path": "1.flac"}]
