import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.errors import ManifestError
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS, TAKE_COLUMNS
from hierbatch.manifest.tables.checks import ManifestRequirements, check_manifest, id_notices
from hierbatch.manifest.tables.store import open_table

EXPECTED = ManifestRequirements(
    languages=("en", "ko"), voices=("anna", "jun"), default_language="en", default_voice="anna"
)


def check(tmp_path, columns, expected=EXPECTED):
    pq.write_table(pa.table(columns), tmp_path / "m.parquet")
    return check_manifest(open_table(tmp_path / "m.parquet", MANIFEST_COLUMNS), expected)


def test_a_good_manifest_gives_its_number_of_rows(tmp_path):
    assert check(tmp_path, {"id": ["a", "b"], "text": ["x", None], "language": ["ko", None]}) == 2


def test_all_problems_are_reported_together(tmp_path):
    with pytest.raises(ManifestError) as caught:
        check(
            tmp_path,
            {
                "id": ["a", "a", "../up", None, "e", "f"],
                "text": ["x"] * 6,
                "voice": ["anna", "nobody", None, None, None, None],
                "language": ["en", "de", "en", "en", "en", "en"],
                "speed": [1.0, 9.0, None, None, float("nan"), None],
                "pitch_semitones": [0.0, None, -12.5, None, None, None],
                "prosody": [1.0, None, None, None, -0.1, None],
                "status": [""] * 6,
            },
        )
    told = str(caught.value)
    for part in (
        "1 ids are used more than once (a)",
        "../up",
        "(3)",
        "nobody",
        "(de)",
        "(a, e)",
        "-12 to 12",
        "0 to 2",
        "column status",
    ):
        assert part in told, part


def test_a_column_of_a_wrong_type_hides_nothing_of_the_others(tmp_path):
    columns = {
        "id": ["a", "a", "../up"],
        "text": [1, 2, 3],
        "voice": [0, 0, 0],
        "language": ["en", "de", "en"],
        "speed": ["fast", "1", "1"],
        "prosody": [1.0, 1.0, 9.0],
    }
    nobody = ManifestRequirements(languages=("en",), voices=("anna",), default_language="en", default_voice=None)
    with pytest.raises(ManifestError) as caught:
        check(tmp_path, columns, nobody)
    told = str(caught.value)
    for part in ("text is int64", "voice is int64", "speed is string", "more than once (a)", "../up", "(de)", "0 to 2"):
        assert part in told, part
    assert "name no voice" not in told  # they do, in a type that is told


def test_a_missing_id_hides_nothing_of_the_others(tmp_path):
    with pytest.raises(ManifestError) as caught:
        check(tmp_path, {"text": ["x", "y"], "language": ["en", "de"], "speed": [1.0, 9.0]})
    told = str(caught.value)
    for part in ("3 problems", "column id is missing", "(de)", "1 rows have a speed outside 0.5 to 2 (ids) (row 1)"):
        assert part in told, part
    with pytest.raises(ManifestError) as caught:
        check(tmp_path, {"text": ["x", "y"]}, ManifestRequirements(languages=("en",), default_voice="anna"))
    assert "2 rows name no language" in str(caught.value)


def test_all_problems_of_a_text_table_are_reported_together(tmp_path):
    lines = ["id,text,language,speed,seed,prosody", "a,x,en,fast,1,1", "a,y,de,1,1.5,9", ",z,en,1,2,1"]
    (tmp_path / "m.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(ManifestError) as caught:
        check_manifest(open_table(tmp_path / "m.csv", MANIFEST_COLUMNS), EXPECTED)
    told = str(caught.value)
    for part in (
        "6 problems",
        "column speed is not all float: invalid value 'fast'",
        "column seed is not all int64: invalid value '1.5'",
        "more than once (a)",
        "rows have no id (row numbers) (2)",
        "(de)",
        "prosody outside 0 to 2 (ids) (a)",
    ):
        assert part in told, part


def test_all_problems_of_json_lines_are_reported_together(tmp_path):
    lines = [
        '{"id": "a", "text": "x", "language": "en", "speed": 1.5, "seed": 1, "prosody": 1, "mood": "calm"}',
        '{"id": "a", "text": "y", "language": "de", "speed": "fast", "seed": 1.5, "prosody": 9, "mood": 3}',
        '{"text": 7, "language": "en", "speed": 1, "source": {"path": "a.wav"}, "status": ""}',
        '{"id": "b", "source": "b.wav", "seed": null, "text": null}',
    ]
    (tmp_path / "m.jsonl").write_text("\n".join(lines) + "\n")
    with pytest.raises(ManifestError) as caught:
        check_manifest(open_table(tmp_path / "m.jsonl", MANIFEST_COLUMNS), EXPECTED)
    told = str(caught.value)
    for part in (
        "10 problems",
        'column speed is number in some rows and string in others, such as "fast"',
        "column mood is string in some rows and number in others, such as 3",
        "column text is string in some rows and number in others, such as 7",
        "column source is object in some rows and string in others",
        "column seed is double, expected int64",
        "column status is reserved for output",
        "more than once (a)",
        "rows have no id (row numbers) (2)",
        "(de)",
        "prosody outside 0 to 2 (ids) (a)",
    ):
        assert part in told, part


def test_a_million_faults_make_one_line(tmp_path):
    with pytest.raises(ManifestError) as caught:
        check(tmp_path, {"id": [f"bad id {i}" for i in range(5000)], "text": ["x"] * 5000})
    assert "5000 ids" in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("name", ["..", ".hidden", "a/b", "a\\b", "a b", "-rf", "", "x" * 129, "a\nb", "a\n", "é"])
def test_names_that_could_leave_the_folder_are_refused(tmp_path, name):
    with pytest.raises(ManifestError):
        check(tmp_path, {"id": [name], "text": ["x"]})


def test_a_row_without_voice_needs_a_default(tmp_path):
    no_default = ManifestRequirements(
        languages=("en",), voices=("anna", "jun"), default_language="en", default_voice=None
    )
    with pytest.raises(ManifestError, match="name no voice"):
        check(tmp_path, {"id": ["a"], "text": ["x"]}, no_default)
    assert check(tmp_path, {"id": ["a"], "text": ["x"], "voice": ["jun"]}, no_default) == 1


@pytest.mark.parametrize("columns", [{"text": ["x"]}, {"id": ["a"]}, {"id": pa.array([], pa.string()), "text": []}])
def test_missing_columns_and_rows_are_problems(tmp_path, columns):
    with pytest.raises(ManifestError):
        check(tmp_path, columns)


def test_every_output_name_is_kept_from_the_input(tmp_path):
    inputs = {column.name for column in MANIFEST_COLUMNS}
    for column in TAKE_COLUMNS:
        if column.name not in inputs:
            with pytest.raises(ManifestError, match=f"column {column.name} is"):
                check(tmp_path, {"id": ["a"], "text": ["x"], column.name: ["mine"]})


def test_ids_that_differ_only_in_case_are_reported(tmp_path):
    pq.write_table(pa.table({"id": ["A1", "b", "a1", "C"]}), tmp_path / "m.parquet")
    (notice,) = id_notices(open_table(tmp_path / "m.parquet", MANIFEST_COLUMNS))
    assert notice.endswith("only in case: a1")
    pq.write_table(pa.table({"id": ["A1", "b"]}), tmp_path / "m.parquet")
    assert id_notices(open_table(tmp_path / "m.parquet", MANIFEST_COLUMNS)) == ()
