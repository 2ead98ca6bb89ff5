"""`python -m tools.evaluation`: measure the quality of a model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer


def evaluate(
    kit: Annotated[
        Path | None, typer.Option(help="Folder of evalkit.py. Default: tools/ in HIERBATCH_SHARED or ../shared.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of held-out recordings. Default: speech/ in the same place.")
    ] = None,
    set_name: Annotated[
        Literal["development", "evaluation", "audit"],
        typer.Option(
            "--set", help="development to choose between models, evaluation for published results, audit for the bars."
        ),
    ] = "development",
    bundle: Annotated[str, typer.Option("--model", "--bundle", help="Name of a model, or a bundle folder.")] = "lite",
    teachers: Annotated[bool, typer.Option("--teachers", help="Also evaluate the teacher TTS voices.")] = False,
    bars: Annotated[
        bool, typer.Option("--bars", help="Also print the table of bars and whether they are met.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Maximum number of clips per group.")] = None,
    out: Annotated[
        list[Path] | None,
        typer.Option(help="Also write the table to a .json file or into a marked .md page; repeatable."),
    ] = None,
    cache: Annotated[Path, typer.Option(help="Cache of judgements, so that each recording is scored once.")] = Path(
        "~/.cache/hierbatch/judgements"
    ),
) -> None:
    """Evaluate a model on held-out voices with an external kit; print the table."""
    from tools.evaluation.bars import format_bars
    from tools.evaluation.evaluate import EvaluateJob
    from tools.evaluation.evaluate import evaluate as run_evaluation
    from tools.evaluation.kit import shared_folder

    shared = shared_folder()
    job = EvaluateJob(
        kit=kit or shared / "tools",
        data=data or shared / "speech",
        cache=cache.expanduser(),
        set_name=set_name,
        bundle=bundle,
        teachers=teachers,
        limit=limit,
        out=tuple(out or ()),
    )
    table = run_evaluation(job, log=lambda line: print(line, file=sys.stderr))
    print(table.to_markdown(), end="")
    if bars:
        print(f"\n{format_bars(table)}", end="")
