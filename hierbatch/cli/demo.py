"""`hierbatch demo`: narrate the packaged sample book."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierbatch.cli.composed import command
from hierbatch.engine.execution import Execution
from hierbatch.object_path import local_path


@command
def demo(
    out: Annotated[Path, typer.Option(parser=local_path, help="Folder of the samples and of the audiobook.")] = Path(
        "hierbatch-demo"
    ),
    *,
    execution: Execution,
) -> None:
    """Narrate the packaged sample book in the packaged sample voice.

    Writes the book and the voice to the output folder, and an audiobook of about
    five minutes in English and Korean.

    Example: hierbatch demo --out demo --engine local
    """
    from hierbatch.cli.narrate import print_narration
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.demo import narrate_sample

    with ProgressLine() as line:
        narration = narrate_sample(out, execution, line.listener())
    raise typer.Exit(print_narration(narration))
