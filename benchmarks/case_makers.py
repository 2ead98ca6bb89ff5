"""Inputs that the makers of ../shared/cases write, and tables of verdicts on what was made of them."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import runpy
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from hierbatch.programs import ffmpeg_program

VOICES = Path(__file__).parents[1] / "manifests" / "voices"

Verdicts = Iterator[tuple[str, bool, str]]
"""Name of a case, True if its result is right, and a description of the result."""


def run_maker(maker: Path, *arguments: object) -> None:
    """Run a maker in the current folder; its own output is not shown."""
    before = sys.argv
    sys.argv = [str(maker), *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            runpy.run_path(str(maker), run_name="__main__")
    finally:
        sys.argv = before


def make_sounds(cases: Path, folders: Sequence[str], makers: Sequence[str]) -> None:
    """Create folders in the current one, and run makers of sounds, whose settings stay in the environment.

    Args:
        cases: folder of the makers, ../shared/cases/audio.
        folders: names of the folders that the makers write to.
        makers: names of the makers, in their order.
    """
    os.environ.update(HIERBATCH_SHARED=str(cases.parents[1]), FF=ffmpeg_program(), VOICES=str(VOICES))
    for name in folders:
        Path(name).mkdir()
    for name in makers:
        run_maker(cases / f"{name}.py")


def judge_sounds(
    title: str, make_inputs: Callable[[Path], None], steps: Mapping[str, Callable[[Path], Verdicts]]
) -> None:
    """Run a command that prints a table of verdicts for each step, and exits with 1 if one is wrong.

    Args:
        title: first line of the help.
        make_inputs: function that gets the folder of cases, and writes the inputs to the current folder.
        steps: functions that get the folder of cases, and yield the verdicts.
    """
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--cases", type=Path, default=Path("../shared/cases/audio"))
    parser.add_argument("--only", nargs="+", choices=tuple(steps), default=tuple(steps))
    options = parser.parse_args()
    cases = options.cases.resolve()
    n_wrong = 0
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        make_inputs(cases)
        for step in options.only:
            print(f"\n{step}\n\n| case | verdict | result |\n| --- | --- | --- |", flush=True)
            n_right = n_cases = 0
            for name, is_right, result in steps[step](cases):
                print(f"| {name} | {'right' if is_right else 'WRONG'} | {result} |", flush=True)
                n_right, n_cases = n_right + is_right, n_cases + 1
            print(f"\n{step}: {n_right} of {n_cases} right", flush=True)
            n_wrong += n_cases - n_right
    sys.exit(1 if n_wrong else 0)
