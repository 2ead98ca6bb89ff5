from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.tiny_bundle import write_tiny_bundle

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def set_parameters(notebook, **values):
    """Other values for the names that the cell tagged `parameters` sets; a name it does not set is a mistake."""
    (cell,) = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ()))
    for name in values:
        assert f"{name} = " in cell.source
    cell.source += "".join(f"\n{name} = {str(value)!r}" for name, value in values.items())


def run_notebook(path, **parameters):
    notebook = nbformat.read(path, as_version=4)
    set_parameters(notebook, **parameters)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": path.parent}}).execute()
    return notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_valid_and_carries_no_output(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)


def test_run_and_listen_speaks_every_sentence_and_plays_it(tmp_path):
    notebook = run_notebook(
        ROOT / "notebooks" / "01_run_and_listen.ipynb",
        MODEL=write_tiny_bundle(tmp_path / "bundle"),
        MANIFESTS=ROOT / "manifests",
        RUN=tmp_path / "run",
    )
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    n_players = sum("<audio" in output.get("data", {}).get("text/html", "") for output in outputs)
    n_sentences = len((ROOT / "manifests" / "sentences.csv").read_text(encoding="utf-8").splitlines()) - 1
    assert n_players == n_sentences
    assert (tmp_path / "run" / "parts").is_dir()
