"""`hierbatch models`: the networks themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierbatch.cli import exit_codes

models = typer.Typer(no_args_is_help=True)


@models.callback()
def about() -> None:
    """Look at the networks and prove them."""


@models.command()
def verify(
    golden: Annotated[Path, typer.Option(help="Folder of golden cases, with manifest.json.")],
    weights: Annotated[Path | None, typer.Option(help="Folder with published weights, for the cases on them.")] = None,
) -> None:
    """Run every golden case: is each network's output the published one's? Exits 1 if any is off."""
    from hierbatch.jobs.verify_models import VerifyJob, verify_models

    n_off = 0
    for verdict in verify_models(VerifyJob(golden=golden, weights=weights)):
        measured = ""
        if verdict.difference is not None:
            measured = f"  max difference {verdict.difference:.1e}, tolerance {verdict.tolerance:.0e}"
        print(f"{verdict.outcome:8}{verdict.case}{measured}{'  ' + verdict.why if verdict.why else ''}", flush=True)
        n_off += verdict.outcome == "off"
    if n_off:
        raise typer.Exit(exit_codes.NOT_THE_SAME)
