import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from hierbatch.manifest.takes.takes import Takes
from tests import tiny_runs
from tests.tiny_bundle import write_tiny_bundle

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def set_parameters(notebook, **values):
    """Append other values for the names that the cell tagged `parameters` sets; other names are an error."""
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
def test_a_notebook_is_saved_with_its_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs for cell in codes if "parameters" not in cell.metadata.get("tags", ()))
    assert not [output for output in outputs_of(notebook) if output.output_type == "error"]
    text = path.read_text(encoding="utf-8")
    assert [place for place in ("/home/", "/tmp/", str(ROOT)) if place in text] == []  # paths of the machine
    assert len(text) < 2_500_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_needs_the_public_names_only(path):
    notebook = nbformat.read(path, as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert [line for line in code.splitlines() if re.match(r"\s*(import|from)\b", line)] == ["import hierbatch"]


def outputs_of(notebook):
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def html_of(notebook):
    return "".join(output.get("data", {}).get("text/html", "") for output in outputs_of(notebook))


@pytest.mark.slow
def test_run_and_listen_synthesizes_every_sentence_and_has_players(tmp_path):
    notebook = run_notebook(
        ROOT / "notebooks" / "01_run_and_listen.ipynb",
        MODEL=write_tiny_bundle(tmp_path / "bundle"),
        MANIFESTS=ROOT / "manifests",
        RUN=tmp_path / "run",
    )
    assert html_of(notebook).count("<audio") == 3 + 1  # three rows, and one alone
    n_sentences = len((ROOT / "manifests" / "sentences.csv").read_text(encoding="utf-8").splitlines()) - 1
    assert len(Takes(tmp_path / "run").ids) == n_sentences


@pytest.mark.slow
def test_corpus_quality_draws_every_picture():
    html = html_of(run_notebook(ROOT / "notebooks" / "02_corpus_quality.ipynb"))
    captions = re.findall("<figcaption>(.*?)</figcaption>", html)
    assert len(captions) == 6
    assert captions[0] == "Of 11: text 1."
    assert re.search("[23] of 3 voices are nearest to their own prompt", captions[-1])
    assert html.count("<audio") == 3


@pytest.mark.slow
def test_compare_runs_shows_what_moved():
    html = html_of(run_notebook(ROOT / "notebooks" / "03_compare_runs.ipynb"))
    assert "7 rows in both, 6 differ; 4 only in tiny_runs/first, 0 only in tiny_runs/second" in html
    assert html.count("<svg") == 3
    assert html.count("<audio") == 6


def test_the_tiny_runs_are_small_and_have_the_rows_of_their_manifest():
    files = [path for path in tiny_runs.FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 700_000
    asked = (tiny_runs.FOLDER / "sentences.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert Takes(tiny_runs.FIRST).ids == [line.partition(",")[0] for line in asked]
    assert Takes(tiny_runs.SECOND).ids == [line.partition(",")[0] for line in asked[:7]]
