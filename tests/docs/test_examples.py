"""The Python examples of README and docs run as they are written."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.manifest.runs.run_layout import RunLayout
from tests import tiny_runs
from tests.docs.pages import PAGES, ROOT, name_of, python_examples

WITH_EXAMPLES = [page for page in PAGES if python_examples(page) and page.name != "extending.md"]
"""`extending.md` shows parts of files, which `test_extending.py` compares with them."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder like the repository's root after the commands of the pages: manifests, and a corpus."""
    (tmp_path / "manifests").symlink_to(ROOT / "manifests")
    corpus = tmp_path / "runs" / "corpus"
    shutil.copytree(tiny_runs.FIRST, corpus)
    rows = RunLayout(corpus).corpus_rows
    rows.parent.mkdir()
    pq.write_table(pa.table({"id": ["bell-clear", "bell-low"], "rejected_by": [["noisy"], []]}), rows)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=name_of)
def test_the_python_examples_of_a_page_run(page, folder):
    names = {"__name__": "__main__"}
    for code in python_examples(page):
        exec(compile(code, name_of(page), "exec"), names)


def test_the_readme_has_five_lines_of_python_that_write_a_sound(folder):
    first = python_examples(ROOT / "README.md")[0]
    assert len([line for line in first.splitlines() if line]) <= 5
    exec(compile(first, "README.md", "exec"), {})
    assert (folder / "hello.flac").stat().st_size > 10_000
