"""Path of the packages in `tests/plugins`, which only have entry points."""

import os
import sys
from pathlib import Path


def add_plugins() -> None:
    """Let this process, the commands it starts and their workers find the entry points of the tests."""
    root = Path(__file__).parents[1]
    paths = [str(root / "tests" / "plugins"), str(root)]
    sys.path[:0] = paths
    os.environ["PYTHONPATH"] = os.pathsep.join([*paths, *filter(None, [os.environ.get("PYTHONPATH")])])
