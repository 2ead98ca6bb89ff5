from pathlib import Path

from typer.testing import CliRunner

from hierbatch.cli.app import app
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS, TAKE_COLUMNS, VOICE_COLUMNS
from hierbatch.manifest.columns_page import columns_page

PAGE = Path(__file__).parents[2] / "manifests" / "README.md"


def test_the_committed_page_is_what_the_command_prints():
    told = CliRunner().invoke(app, ["columns"])
    assert told.exit_code == 0
    assert told.output == PAGE.read_text(encoding="utf-8"), "run: hierbatch columns > manifests/README.md"


def test_every_column_has_its_line_with_type_and_meaning():
    lines = columns_page().splitlines()
    for column in (*MANIFEST_COLUMNS, *VOICE_COLUMNS, *TAKE_COLUMNS):
        assert any(
            line.startswith(f"| `{column.name}` | ") and line.endswith(f" | {column.description} |") for line in lines
        ), column.name
    assert "struct<" not in columns_page()
