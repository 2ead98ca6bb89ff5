"""`python -m tools.parity verify --golden DIR`: compare every network with the published outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tools.errors_to_exit_codes import exit_on_errors

NOT_THE_SAME = 1

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def about() -> None:
    """Parity of the networks with the published HierSpeech++ system."""


@app.command()
def verify(
    golden: Annotated[Path, typer.Option(help="Folder of golden cases, with manifest.json.")],
    weights: Annotated[
        Path | None,
        typer.Option(help="Folder of published weights. Default: weights beside the golden folder."),
    ] = None,
) -> None:
    """Run every golden case and compare the outputs; exits with 1 if any differs."""
    from tools.parity.verify import VerifyJob, verify_models

    n_failed = 0
    for verdict in verify_models(VerifyJob(golden=golden, weights=weights)):
        measured = ""
        if verdict.difference is not None:
            measured = f"  max difference {verdict.difference:.1e}, tolerance {verdict.tolerance:.0e}"
        note = f"  {verdict.reason}" if verdict.reason else ""
        print(f"{verdict.outcome:8}{verdict.case}{measured}{note}", flush=True)
        n_failed += verdict.outcome == "failed"
    if n_failed:
        raise typer.Exit(NOT_THE_SAME)


if __name__ == "__main__":
    with exit_on_errors():
        app()
