"""Browser and book of the tests of the desk in Chromium."""

import pytest
from typer.testing import CliRunner

from hierbatch.cli.app import app
from tests.desk.desk_browser import chromium
from tests.loading import ROOT

BOOK = """# The Lamp

The lamp was lit. Nobody saw the cat on the stairs.

It was late, and the rain had not stopped.

# The Stairs

She went down with a candle. The cat was gone.

Old Elspeth came in. Nobody knew Elspeth better.
"""


@pytest.fixture(scope="module")
def narrated(tmp_path_factory):
    """A small book, spoken by the packaged model: random weights say nothing that could be compared."""
    folder = tmp_path_factory.mktemp("book")
    (folder / "lamp.md").write_text(BOOK, encoding="utf-8")
    voice = f"--voice {ROOT / 'manifests' / 'voices' / 'narrator.flac'} --consent licensed"
    options = f"--out {folder / 'out'} --engine local --to flac --profile ebu --max-retakes 0 --measures semantic"
    result = CliRunner().invoke(app, ["narrate", str(folder / "lamp.md"), *voice.split(), *options.split()])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened
