"""`python -m tools.evaluation`: measure the quality of a model."""

from __future__ import annotations

import typer

from tools.errors_to_exit_codes import exit_on_errors
from tools.evaluation.command import evaluate

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command()(evaluate)

if __name__ == "__main__":
    with exit_on_errors():
        app()
