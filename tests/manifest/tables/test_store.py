import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.errors import ManifestError
from hierbatch.manifest.columns.schema import AUDIO, MANIFEST_COLUMNS, MANIFEST_SCHEMA
from hierbatch.manifest.tables.parquet_writing import write_table
from hierbatch.manifest.tables.store import open_table


def rows_of(path):
    table = open_table(path, MANIFEST_COLUMNS)
    assert table.problems == ()
    return pa.concat_tables(table.batches()).to_pylist()


def test_the_same_rows_come_from_every_format(tmp_path):
    (tmp_path / "a.csv").write_text('id,text,seed,speed,mood\n007,"Hello, NA.",,1.5,calm\nb,,3,,\n', encoding="utf-8")
    (tmp_path / "a.jsonl").write_text(
        '{"id": "007", "text": "Hello, NA.", "speed": 1.5, "mood": "calm"}\n{"id": "b", "text": "", "seed": 3}\n'
    )
    pq.write_table(
        pa.table(
            {
                "id": pa.array(["007", "b"]).dictionary_encode(),
                "text": pa.array(["Hello, NA.", None], pa.large_string()),
                "seed": pa.array([None, 3], pa.int32()),
                "speed": pa.array([1.5, None], pa.float64()),
                "mood": ["calm", None],
            }
        ),
        tmp_path / "a.parquet",
    )
    wanted = [
        {"id": "007", "text": "Hello, NA.", "seed": None, "speed": 1.5, "mood": "calm"},
        {"id": "b", "text": None, "seed": 3, "speed": None, "mood": None},
    ]
    for name in ("a.csv", "a.jsonl", "a.parquet"):
        assert [dict(sorted(row.items())) for row in rows_of(tmp_path / name)] == [
            dict(sorted(row.items())) for row in wanted
        ], name


def test_texts_that_are_dates_stay_texts(tmp_path):
    (tmp_path / "m.jsonl").write_text('{"id": "2026-11-01", "text": "2026-11-02"}\n{"id": "2026-11-03"}\n')
    wanted = [{"id": "2026-11-01", "text": "2026-11-02"}, {"id": "2026-11-03", "text": None}]
    assert rows_of(tmp_path / "m.jsonl") == wanted
    (tmp_path / "m.csv").write_text("id,text\n2026-11-01,2026-11-02\n2026-11-03,\n")
    assert rows_of(tmp_path / "m.csv") == wanted


def test_what_json_lines_hold_beside_faults_can_be_read(tmp_path):
    (tmp_path / "m.jsonl").write_text('{"id": "a", "speed": 1}\n{"id": "b", "speed": "fast"}\n{"sentence_index": 3}\n')
    table = open_table(tmp_path / "m.jsonl", MANIFEST_COLUMNS)
    assert table.valid_columns == ("id", "sentence_index")
    rows = pa.concat_tables(table.batches(table.valid_columns)).to_pylist()
    assert rows == [
        {"id": "a", "sentence_index": None},
        {"id": "b", "sentence_index": None},
        {"id": None, "sentence_index": 3},
    ]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["x.wav", None]),
        pa.array([{"path": "x.wav", "bytes": None}, None], pa.struct([("path", pa.string()), ("bytes", pa.binary())])),
        pa.array([{"path": "x.wav"}, None]),
    ],
)
def test_a_recording_may_be_a_path_or_a_struct_in_any_order(tmp_path, column):
    pq.write_table(pa.table({"id": ["a", "b"], "source": column}), tmp_path / "m.parquet")
    table = open_table(tmp_path / "m.parquet", MANIFEST_COLUMNS)
    assert table.schema.field("source").type == AUDIO
    assert rows_of(tmp_path / "m.parquet")[0]["source"] == {"bytes": None, "path": "x.wav"}
    assert rows_of(tmp_path / "m.parquet")[1]["source"] is None


def test_wrong_types_are_all_named(tmp_path):
    pq.write_table(pa.table({"id": [1], "text": ["x"], "speed": ["fast"]}), tmp_path / "m.parquet")
    problems = open_table(tmp_path / "m.parquet", MANIFEST_COLUMNS).problems
    assert [problem.split()[1] for problem in problems] == ["id", "speed"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.parquet", b"PAR1 and then nothing"),
        ("latin.csv", "id,text\na,caf\u00e9\n".encode("latin-1")),
        ("latin_header.csv", "id,text,\u00e9tat\na,b,c\n".encode("latin-1")),
        ("broken.jsonl", b'{"id": "a", "text": \n'),
        ("mixed.jsonl", b'{"id": "a", "seed": 1}\n{"id": 3, "seed": "x"}\n[]\n'),
        ("twice.jsonl", b'{"id": "a", "id": "b"}\n'),
        ("lists.jsonl", b'{"id": "a", "mood": [1]}\n{"id": 3, "mood": ["x"]}\n'),
        ("notes.txt", b"id text"),
        ("ragged.csv", b"id,text\na,b,c\n"),
    ],
)
def test_what_is_no_table_is_refused_by_name(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ManifestError, match=name):
        open_table(tmp_path / name, MANIFEST_COLUMNS)


def test_a_number_that_does_not_fit_is_an_error_and_not_wrapped(tmp_path):
    pq.write_table(pa.table({"id": ["a"], "text": ["x"], "chapter": [2**40]}), tmp_path / "m.parquet")
    with pytest.raises(ManifestError, match="cannot be read"):
        list(open_table(tmp_path / "m.parquet", MANIFEST_COLUMNS).batches())


def test_a_newer_file_is_refused(tmp_path):
    schema = MANIFEST_SCHEMA.with_metadata({b"hierbatch": b'{"table": "manifest", "version": 99}'})
    write_table([schema.empty_table()], schema, tmp_path / "m.parquet")
    with pytest.raises(ManifestError, match="newer"):
        open_table(tmp_path / "m.parquet", MANIFEST_COLUMNS)


def test_a_table_that_fails_half_way_leaves_the_old_one(tmp_path):
    schema = pa.schema([("id", pa.string())])
    good = pa.table({"id": ["old"]})
    write_table([good], schema, tmp_path / "m.parquet")

    def failing():
        yield pa.table({"id": ["new"]})
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        write_table(failing(), schema, tmp_path / "m.parquet")
    assert pq.read_table(tmp_path / "m.parquet").to_pylist() == [{"id": "old"}]
    assert [path.name for path in tmp_path.iterdir()] == ["m.parquet"]


def test_small_tables_without_sound_are_written_in_few_row_groups(tmp_path):
    schema = pa.schema([("id", pa.int64())])
    tables = [pa.table({"id": range(first, first + 24)}, schema=schema) for first in range(0, 24_000, 24)]
    assert write_table(tables, schema, tmp_path / "t.parquet") == 24_000
    assert pq.read_metadata(tmp_path / "t.parquet").num_row_groups <= 3
    assert pq.read_table(tmp_path / "t.parquet").column("id").to_pylist() == list(range(24_000))


def test_sound_is_written_in_small_row_groups(tmp_path):
    schema = pa.schema([("id", pa.string()), ("audio", AUDIO)])
    table = pa.table({"id": [str(i) for i in range(70)], "audio": pa.nulls(70, AUDIO)}, schema=schema)
    assert write_table([table], schema, tmp_path / "t.parquet") == 70
    assert [pq.ParquetFile(tmp_path / "t.parquet").metadata.row_group(i).num_rows for i in range(3)] == [32, 32, 6]


@pytest.mark.parametrize(("n_bytes", "n_rows"), [(1_000, [32, 8]), (6_000_000, [2, 2, 1]), (20_000_000, [1, 1])])
def test_rows_with_sound_are_read_few_at_a_time_and_fewer_where_they_are_long(tmp_path, n_bytes, n_rows):
    sounds = [{"bytes": bytes(n_bytes), "path": None}] * sum(n_rows)
    table = pa.table({"id": [str(i) for i in range(len(sounds))], "source": pa.array(sounds, AUDIO)})
    pq.write_table(table, tmp_path / "m.parquet", compression="none", use_dictionary=False, row_group_size=16)
    manifest = open_table(tmp_path / "m.parquet", MANIFEST_COLUMNS)
    assert [len(rows) for rows in manifest.batches()] == n_rows
    assert [len(rows) for rows in manifest.batches(["id"])] == [sum(n_rows)]
