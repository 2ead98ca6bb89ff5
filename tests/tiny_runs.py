"""The two runs in the repository that the notebooks open; `python notebooks/tiny_runs/make.py` regenerates them."""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "notebooks" / "tiny_runs"
FIRST, SECOND = FOLDER / "first", FOLDER / "second"
