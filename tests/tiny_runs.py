"""The two runs that lie in the repository for the notebooks."""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "notebooks" / "tiny_runs"
FIRST, SECOND = FOLDER / "first", FOLDER / "second"
