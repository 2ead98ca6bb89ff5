import pyarrow as pa
import pytest

from hierbatch.errors import InputError
from hierbatch.manifest.columns.schema import TAKE_COLUMNS, arrow_schema
from hierbatch.manifest.takes.filters import FilterRule, read_filter, rejections
from tests.loading import ROOT

SCHEMA = arrow_schema(TAKE_COLUMNS, "takes")
GOOD = {"status": "ok", "language": "ko", "snr_db": 30.0, "flags": [], "semantic_distance": None}


def written(folder, text):
    path = folder / "filter.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("rule", "row", "is_rejected"),
    [
        ({"column": "snr_db", "min": 30}, {}, False),
        ({"column": "snr_db", "min": 30.1}, {}, True),
        ({"column": "snr_db", "max": 29}, {}, True),
        ({"column": "snr_db", "min": 1}, {"snr_db": float("nan")}, True),
        ({"column": "semantic_distance", "max": 0.3}, {}, False),
        ({"column": "semantic_distance", "max": 0.3, "required": True}, {}, True),
        ({"column": "flags", "none_of": ("clipped",)}, {"flags": ["too_long", "clipped"]}, True),
        ({"column": "flags", "none_of": ("clipped",)}, {}, False),
        ({"column": "language", "any_of": ("en",)}, {}, True),
        ({"column": "language", "any_of": ("en", "ko")}, {}, False),
        ({"column": "snr_db", "min": 90, "where": {"language": "en"}}, {}, False),
        ({"column": "snr_db", "min": 90, "where": {"language": "ko"}}, {}, True),
    ],
)
def test_a_rule_rejects_what_it_does_not_hold_of(rule, row, is_rejected):
    assert FilterRule(name="r", **rule).rejects(GOOD | row) is is_rejected


def test_a_row_lists_every_rule_that_rejects_it_and_a_failed_row_only_its_failure(tmp_path):
    text = '[[rule]]\nname="a"\ncolumn="snr_db"\nmin=40\n[[rule]]\nname="b"\ncolumn="flags"\nany_of=["x"]\n'
    rules = read_filter(written(tmp_path, text), SCHEMA)
    assert rejections(GOOD, rules) == ["a", "b"]
    assert rejections(GOOD | {"status": "failed"}, rules) == ["failed"]


def test_the_example_in_the_repository_can_be_used():
    rules = read_filter(ROOT / "manifests" / "filter.toml", SCHEMA)
    assert rejections({name: None for name in SCHEMA.names} | GOOD, rules) == []


def test_all_errors_of_a_filter_are_reported_together(tmp_path):
    text = """
    [[rule]]
    name = "a"
    column = "loudnes"
    min = "loud"
    [[rule]]
    name = "a"
    column = "text_norm"
    max = 3
    maximum = 4
    [[rule]]
    name = "c"
    column = "snr_db"
    [[rule]]
    min = 3
    """
    with pytest.raises(InputError) as caught:
        read_filter(written(tmp_path, text), SCHEMA)
    told = str(caught.value)
    for part in (
        "loudnes",
        "number as min",
        "not numeric",
        "maximum",
        "'a' occurs twice",
        "c has no condition",
        "4",
    ):
        assert part in told, part


@pytest.mark.parametrize(
    "text",
    ["rule = [1]", "rule = [[]]", "[[rule]]\nname = []\n[[rule]]\nname = {}",
     "[[rule]]\nname = 'a'\ncolumn = 'voice'\nany_of = [[1]]"],
)  # fmt: skip
def test_rules_of_another_shape_are_refused(tmp_path, text):
    (tmp_path / "f.toml").write_text(text)
    with pytest.raises(InputError, match="is invalid"):
        read_filter(tmp_path / "f.toml", None)


@pytest.mark.parametrize("text", ["", "rule = 3", "[[rules]]\nname='x'", "not toml ["])
def test_a_file_without_rules_is_refused(tmp_path, text):
    with pytest.raises(InputError):
        read_filter(written(tmp_path, text), pa.schema([]))


def test_a_missing_file_is_reported(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_filter(tmp_path / "none.toml", SCHEMA)
