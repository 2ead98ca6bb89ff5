"""`hierbatch evaluate`: a model's measured quality as a table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer


def evaluate(
    kit: Annotated[
        Path | None, typer.Option(help="Folder with evalkit.py; by default tools/ in HIERBATCH_SHARED or ../shared.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of held-out recordings; by default speech/ in the same place.")
    ] = None,
    set_name: Annotated[
        Literal["development", "evaluation"],
        typer.Option("--set", help="development while choosing between models, evaluation for what is published."),
    ] = "development",
    bundle: Annotated[
        str, typer.Option("--model", "--bundle", help="A packaged model's name, or a bundle's folder.")
    ] = "lite",
    teachers: Annotated[
        bool, typer.Option("--teachers", help="Also judge the synthetic voices the text side learned from.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many clips of each group only.")] = None,
    out: Annotated[
        list[Path] | None,
        typer.Option(help="Also put the table here: a .json file, or a .md page with a place for it; repeatable."),
    ] = None,
    cache: Annotated[
        Path, typer.Option(help="Where judgements already made are kept, so that a recording is heard only once.")
    ] = Path("~/.cache/hierbatch/judgements"),
) -> None:
    """Speak the committed sentences in held-out voices, have an outside kit judge them, and print the table."""
    from hierbatch.analysis.kit import shared_folder
    from hierbatch.jobs.evaluate import EvaluateJob
    from hierbatch.jobs.evaluate import evaluate as run_evaluation

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
    table = run_evaluation(job, tell=lambda line: print(line, file=sys.stderr))
    print(table.to_markdown(), end="")
