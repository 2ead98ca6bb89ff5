"""Properties of the manifest reader: one table in three formats, and whatever bytes a file holds."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hierbatch.errors import ManifestError
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS
from hierbatch.manifest.tables.store import open_table

# A CSV file has one way to end a line, and no way to write the character 0.
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=30)
row = st.fixed_dictionaries(
    {
        "id": st.from_regex(r"[a-z][\w.-]{0,9}", fullmatch=True),
        "text": texts | st.none(),
        "voice": st.sampled_from(["anna", "준", None]),
        "seed": st.integers(-(2**63), 2**63 - 1) | st.none(),
        "speed": st.floats(0.5, 2.0, width=32) | st.none(),
    }
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


def read(path):
    table = open_table(path, MANIFEST_COLUMNS)
    assert table.problems == ()
    return pa.concat_tables(table.batches()).to_pylist()


def as_csv(rows):
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


@given(rows=st.lists(row, min_size=1, max_size=6))
def test_the_same_rows_are_read_from_every_format(folder, rows):
    (folder / "m.csv").write_text(as_csv(rows), encoding="utf-8", newline="")
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (folder / "m.jsonl").write_text(lines + "\n", encoding="utf-8", newline="")
    pq.write_table(pa.Table.from_pylist(rows), folder / "m.parquet")
    wanted = [row | {"text": row["text"] or None} for row in rows]
    assert read(folder / "m.csv") == wanted
    assert read(folder / "m.jsonl") == wanted
    assert read(folder / "m.parquet") == wanted


def damaged_tables():
    """Bytes of good tables with some of them cut away or overwritten."""
    good = pa.table({"id": ["a", "b"], "text": ["one", None], "seed": [1, None], "speed": [1.0, None]})
    parquet = pa.BufferOutputStream()
    pq.write_table(good, parquet)
    contents = [parquet.getvalue().to_pybytes(), b"id,text,seed\na,one,1\nb,,\n", b'{"id": "a", "text": "one"}\n{}\n']
    return st.builds(
        lambda content, at, length, inserted: content[: at % len(content)]
        + inserted
        + content[at % len(content) + length :],
        st.sampled_from(contents),
        st.integers(0, 10_000),
        st.integers(0, 20),
        st.binary(max_size=20),
    )


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@given(content=damaged_tables() | st.binary(max_size=200))
def test_a_file_of_any_bytes_is_read_or_refused(folder, suffix, content):
    path = folder / f"any{suffix}"
    path.write_bytes(content)
    try:
        table = open_table(path, MANIFEST_COLUMNS)
        for rows in table.batches(table.valid_columns):
            assert set(rows.column_names) <= set(table.raw_schema.names)
    except ManifestError:
        return
