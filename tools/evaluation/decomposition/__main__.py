"""`python -m tools.evaluation.decomposition`: predicted opinion after each stage of the pipeline."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tools.errors_to_exit_codes import exit_on_errors

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def decompose(
    model: Annotated[str, typer.Option(help="Name of a model, or a bundle folder.")] = "lite",
    before: Annotated[str | None, typer.Option(help="Bundle to compare with, pair by pair.")] = None,
    kit: Annotated[
        Path | None, typer.Option(help="Folder of evalkit.py. Default: tools/ in HIERBATCH_SHARED or ../shared.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the recordings. Default: speech/ in the same place.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=2, help="Maximum number of recordings per corpus.")] = None,
    cache: Annotated[Path, typer.Option(help="Cache of judgements, so that each clip is scored once.")] = Path(
        "~/.cache/hierbatch/judgements"
    ),
) -> None:
    """Score recordings, and what each stage of the pipeline makes of them; print the table.

    Example: python -m tools.evaluation.decomposition --model NEW_BUNDLE --before lite
    """
    from tools.evaluation.decomposition.job import DecomposeJob
    from tools.evaluation.decomposition.job import decompose as run_decomposition
    from tools.evaluation.kit import shared_folder

    shared = shared_folder()
    job = DecomposeJob(
        kit=kit or shared / "tools",
        data=data or shared / "speech",
        cache=cache.expanduser(),
        model=model,
        before=before,
        limit=limit,
    )
    print(run_decomposition(job, log=lambda line: print(line, file=sys.stderr)), end="")


if __name__ == "__main__":
    with exit_on_errors():
        app()
