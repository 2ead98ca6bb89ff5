import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.errors import RunError
from hierbatch.manifest.columns.schema import AUDIO, SOURCE_REFERENCE
from hierbatch.manifest.runs import plan_sources
from hierbatch.manifest.runs.plan_sources import PlanSources, discard_audio, open_source_store


def rows(sources, error_kinds=None):
    errors = error_kinds or [None] * len(sources)
    ids = [f"r{i}" for i in range(len(sources))]
    return pa.table({"id": ids, "source": pa.array(sources, AUDIO), "error_kind": pa.array(errors, pa.string())})


def inside(content, path=None):
    return {"bytes": content, "path": path}


def at(path):
    return {"bytes": None, "path": path}


def kept(path, *tables):
    with open_source_store(path) as keep:
        return pa.concat_tables([keep(table) for table in tables])


FIRST = rows([inside(b"one"), at("/a.wav"), None, inside(b"", "named.wav")])
SECOND = rows([at("/b.wav"), inside(b"two")])


def test_rows_returned_in_any_order_keep_their_sound(tmp_path):
    placed = kept(tmp_path / "s.parquet", FIRST, SECOND)
    assert placed.schema.field("source").type == SOURCE_REFERENCE
    sources = PlanSources(tmp_path / "s.parquet")
    whole = pa.concat_tables([FIRST, SECOND]).column("source").to_pylist()
    assert sources.fetch(placed).column("source").to_pylist() == whole
    for order in ([5, 0, 3, 0], [1, 4], [2], []):
        fetched = sources.fetch(placed.take(pa.array(order, pa.int64()))).column("source")
        assert fetched.type == AUDIO
        assert fetched.to_pylist() == [whole[row] for row in order]
    assert sources.fetch(placed.slice(3, 2)).column("source").to_pylist() == whole[3:5]


def test_refused_rows_and_rows_with_paths_open_no_file(tmp_path):
    placed = kept(tmp_path / "s.parquet", FIRST)
    refused = placed.set_column(2, "error_kind", pa.array(["crash"] * 4))
    nowhere = PlanSources(tmp_path / "nowhere.parquet")
    assert nowhere.fetch(refused).column("source")[3].as_py() == at("named.wav")
    assert nowhere.fetch(placed.slice(1, 2)).column("source").to_pylist() == [at("/a.wav"), None]
    with pytest.raises(RunError, match="nowhere"):
        nowhere.fetch(placed)


def test_rows_without_recordings_or_with_their_sound_still_in_them_pass(tmp_path):
    nowhere = PlanSources(tmp_path / "nowhere.parquet")
    texts = pa.table({"id": ["a"]})
    assert nowhere.fetch(texts) is texts
    assert nowhere.fetch(FIRST) is FIRST


def test_one_row_is_read_without_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(plan_sources, "_GROUP_BYTES", 100)
    contents = [bytes([i]) * 60 for i in range(9)]
    placed = kept(tmp_path / "s.parquet", rows([inside(content) for content in contents]))
    metadata = pq.read_metadata(tmp_path / "s.parquet")
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [2, 2, 2, 2, 1]
    sources = PlanSources(tmp_path / "s.parquet")
    assert [s["bytes"] for s in sources.fetch(placed).column("source").to_pylist()] == contents
    read = []
    real = pq.ParquetFile.read_row_group
    monkeypatch.setattr(pq.ParquetFile, "read_row_group", lambda self, i: read.append(i) or real(self, i))
    sources.fetch(placed.take(pa.array([8, 3])))
    assert read == [1, 4]


def test_unneeded_entries_are_dropped():
    assert discard_audio(FIRST).column("source").to_pylist() == [
        {"path": None, "row": None},
        {"path": "/a.wav", "row": None},
        None,
        {"path": "named.wav", "row": None},
    ]


def test_a_file_that_was_not_finished_is_not_there(tmp_path):
    without_bytes = FIRST.drop_columns("source").append_column("source", pa.array([1, 2, 3, 4]))
    with pytest.raises(pa.ArrowException):
        kept(tmp_path / "s.parquet", FIRST, without_bytes)
    assert list(tmp_path.iterdir()) == []
