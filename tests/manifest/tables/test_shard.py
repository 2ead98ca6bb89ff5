import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hierbatch.errors import InputError
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS
from hierbatch.manifest.tables.shard import ROW_COLUMN, Shard, parse_shard
from hierbatch.manifest.tables.store import open_table
from tests.changing import change


@given(st.lists(st.text(max_size=5), unique=True, max_size=50), st.integers(1, 9))
def test_each_row_is_in_one_shard_which_does_not_depend_on_the_others(ids, n_shards):
    masks = [
        Shard(number, n_shards).mask(pa.chunked_array([pa.array(ids, pa.string())]))
        for number in range(1, n_shards + 1)
    ]
    assert [sum(column) for column in zip(*masks, strict=True)] == [1] * len(ids)
    for row_id, *is_in in zip(ids, *masks, strict=True):
        alone = [Shard(number, n_shards).mask(pa.chunked_array([[row_id]]))[0] for number in range(1, n_shards + 1)]
        assert alone == is_in


def test_shards_of_a_table_are_its_rows_with_their_places(tmp_path):
    pq.write_table(pa.table({"id": [f"r{i}" for i in range(100)], "text": ["a"] * 100}), tmp_path / "m.parquet")
    table = open_table(tmp_path / "m.parquet", MANIFEST_COLUMNS)
    shards = [change(table, shard=Shard(number, 3)) for number in (1, 2, 3)]
    read = [pa.concat_tables(shard.batches()) for shard in shards]
    assert [shard.schema.names for shard in shards] == [rows.schema.names for rows in read]
    joined = pa.concat_tables(read).sort_by(ROW_COLUMN)
    assert joined.column(ROW_COLUMN).to_pylist() == list(range(100))
    assert joined.column("id").to_pylist() == [f"r{i}" for i in range(100)]
    assert min(map(len, read)) > 20
    assert pa.concat_tables(shards[1].batches(["text", ROW_COLUMN])).column(ROW_COLUMN) == read[1].column(ROW_COLUMN)


@pytest.mark.parametrize("text", ["", "3", "0/8", "9/8", "a/b", "1/0", "3/8/1", "-1/2"])
def test_an_unclear_shard_is_refused(text):
    with pytest.raises(InputError, match="shard"):
        parse_shard(text)
