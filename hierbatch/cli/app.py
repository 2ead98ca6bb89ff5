"""Command line entry point: one file per command, each a plain function registered here.

Commands import their dependencies inside the function, so that `hierbatch --help` and commands without a model
start in well under two seconds.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer

from hierbatch.cli import exit_codes
from hierbatch.cli.book import book
from hierbatch.cli.cast import cast
from hierbatch.cli.check import check
from hierbatch.cli.choose import choose
from hierbatch.cli.columns import columns
from hierbatch.cli.compact import compact
from hierbatch.cli.convert import convert
from hierbatch.cli.corpus import corpus
from hierbatch.cli.demo import demo
from hierbatch.cli.doctor import doctor
from hierbatch.cli.dub import dub
from hierbatch.cli.export import export
from hierbatch.cli.finetune import finetune
from hierbatch.cli.import_ import import_
from hierbatch.cli.intake import intake
from hierbatch.cli.models import models
from hierbatch.cli.narrate import narrate
from hierbatch.cli.plan import plan
from hierbatch.cli.prepare import prepare
from hierbatch.cli.report import report
from hierbatch.cli.respeak import respeak
from hierbatch.cli.retry import retry
from hierbatch.cli.review import review
from hierbatch.cli.run import run
from hierbatch.cli.say import say
from hierbatch.cli.serve import serve
from hierbatch.cli.sing import sing
from hierbatch.cli.status import status
from hierbatch.cli.train import train
from hierbatch.cli.upsample import upsample
from hierbatch.cli.verbosity import set_verbosity
from hierbatch.cli.voices import voices
from hierbatch.cli.words import words
from hierbatch.engine.interrupts import sigterm_as_interrupt
from hierbatch.errors import HierbatchError, InputError, StorageError
from hierbatch.names import is_utf8, printable_name
from hierbatch.pandas_import import keep_pandas_unloaded
from hierbatch.storage import path_error

_INTERRUPT_GRACE_S = 30.0
"""Time limit for the cleanup of an interrupted command, which usually takes a few seconds."""


class _Commands(typer.core.TyperGroup):
    """Command group that reports an interruption; typer would exit silently."""

    def invoke(self, ctx: Any) -> Any:  # typer keeps the class of its context private
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            _print_interrupted()
            raise typer.Exit(exit_codes.INTERRUPTED) from error


app = typer.Typer(
    name="hierbatch",
    cls=_Commands,
    help="Batch speech synthesis and voice conversion with HierSpeech2: audiobooks, corpora, dubbing, upsampling.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

app.callback()(set_verbosity)
app.command("import")(import_)
app.command("cast")(cast)
app.command("words")(words)
app.command("plan")(plan)
app.command("run")(run)
app.command("convert")(convert)
app.command("dub")(dub)
app.command("upsample")(upsample)
app.command("status")(status)
app.command("retry")(retry)
app.command("choose")(choose)
app.command("respeak")(respeak)
app.command("report")(report)
app.command("review")(review)
app.command("compact")(compact)
app.command("book")(book)
app.command("narrate")(narrate)
app.command("say")(say)
app.command("sing")(sing)
app.command("serve")(serve)
app.command("corpus")(corpus)
app.command("export")(export)
app.command("check")(check)
app.command("columns")(columns)
app.command("intake")(intake)
app.command("prepare")(prepare)
app.command("finetune")(finetune)
app.add_typer(train, name="train")
app.command("demo")(demo)
app.command("doctor")(doctor)
app.add_typer(models, name="models")
app.add_typer(voices, name="voices")


def main() -> None:
    """Run one command. A user error ends in a one-paragraph message and an exit code, never in a traceback."""
    for stream in (sys.stdout, sys.stderr):  # a file name that is not UTF-8 must not end a command
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        _check_arguments(sys.argv[1:])
        if not {"--help", "--version"}.intersection(sys.argv):  # which do not need pyarrow
            keep_pandas_unloaded()
        with sigterm_as_interrupt(_INTERRUPT_GRACE_S):
            app()
    except StorageError as error:
        _fail(error, exit_codes.STOPPED)
    except HierbatchError as error:
        _fail(error, exit_codes.BAD_INPUT)
    except OSError as error:  # such as a name that is too long, or a folder that may not be read
        failed = path_error(error)
        _fail(failed, exit_codes.STOPPED if isinstance(failed, StorageError) else exit_codes.BAD_INPUT)
    except KeyboardInterrupt:
        _print_interrupted()
        sys.exit(exit_codes.INTERRUPTED)


def _check_arguments(arguments: Sequence[str]) -> None:
    """Refuse arguments that are not valid UTF-8, since records and tables cannot store them."""
    for argument in arguments:
        if not is_utf8(argument):
            raise InputError(
                "An argument is not valid UTF-8",
                got=printable_name(argument)[:80],
                fix="type it again; rename a file whose name is not UTF-8",
            )


def _print_interrupted() -> None:
    print("Interrupted. Finished work is kept; run the same command to resume.", file=sys.stderr)


def _fail(error: HierbatchError, code: int) -> None:
    if os.environ.get("HIERBATCH_TRACEBACK"):
        raise error
    print(f"hierbatch: {error}", file=sys.stderr)
    sys.exit(code)
