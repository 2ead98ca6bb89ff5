"""Execution of the notebooks, saved with their outputs: `python -m tools.run_notebooks [NAME.ipynb ...]`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient

_FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
_MAX_TEXT = 4_000
"""Longest plain-text form, in characters, that is kept next to HTML, since galleries repeat their audio as text."""


def run_notebook(path: Path) -> None:
    """Execute one notebook in its folder and save it; metadata that differs from run to run is dropped."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": path.parent}}).execute()
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        cell.metadata.pop("execution", None)
        # Progress and warnings are not results.
        cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        for output in cell.outputs:
            data = output.get("data", {})
            if "text/html" in data and len(data.get("text/plain", "")) > _MAX_TEXT:
                del data["text/plain"]
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, path)


def main(names: Sequence[str]) -> None:
    """Execute the named notebooks, or all."""
    for path in [_FOLDER / name for name in names] or sorted(_FOLDER.glob("*.ipynb")):
        run_notebook(path)
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main(sys.argv[1:])
