"""`hierbatch narrate`: turn a book into an audiobook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.cli import exit_codes
from hierbatch.cli.composed import command
from hierbatch.cli.licenses import print_model_license_warnings
from hierbatch.engine.execution import Execution
from hierbatch.jobs.options.control import RunControl
from hierbatch.jobs.options.delivery import Delivery
from hierbatch.jobs.options.project import BookProject
from hierbatch.jobs.options.quality import Quality
from hierbatch.jobs.options.speech import BookSpeechSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.object_path import local_path

if TYPE_CHECKING:
    from hierbatch.jobs.books.narrate import NarrationResult


@command
def narrate(
    book: Annotated[Path, typer.Argument(parser=local_path, help="Book: .epub, .txt or .md.")],
    out: Annotated[
        Path,
        typer.Option(
            parser=local_path, help="Folder of manifest, run and audiobook: created, or resumed if it exists."
        ),
    ],
    *,
    project: BookProject,
    voices: VoiceChoice,
    speech: BookSpeechSettings,
    model: ModelChoice,
    execution: Execution,
    quality: Quality,
    delivery: Delivery,
    control: RunControl,
) -> None:
    """Turn a book into an audiobook: import, synthesize and master.

    The same command resumes a stopped job. OUT/manifest and OUT/book.toml can be
    edited: they are never overwritten.

    Example: hierbatch narrate book.epub --voice anna.flac --out audiobook
    """
    from hierbatch.cli.import_ import print_import_summary
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.books.narrate import NarrateJob
    from hierbatch.jobs.books.narrate import narrate as narrate_job

    job = NarrateJob(
        book=book,
        out=out,
        project=project,
        voices=voices,
        speech=speech,
        model=model,
        execution=execution,
        quality=quality,
        delivery=delivery,
        control=control,
    )
    print_model_license_warnings(model.model)
    with ProgressLine() as line:
        narration = narrate_job(job, line.listener(), on_import=print_import_summary)
    raise typer.Exit(print_narration(narration, is_part=not project.selection.is_all))


def print_narration(narration: NarrationResult, *, is_part: bool = False) -> int:
    """Print the result. Returns the exit code; rows outside the selected chapters are not missing."""
    from hierbatch.cli.book import print_book_result
    from hierbatch.cli.outcome import exit_code, print_outcome
    from hierbatch.engine.progress import format_duration

    print_outcome(narration.outcome)
    if narration.result is None:
        return exit_code(narration.outcome)
    print_book_result(narration.result)
    counts, session = narration.outcome.counts, narration.outcome.session
    speed = f", synthesized at {session.times_real_time:.1f} x real time" if session.n_worked else ""
    print(f"{narration.folder}: {format_duration(narration.duration_s)}{speed}, {counts.n_failed} rows failed")
    passed = exit_codes.OK if narration.result.passed else exit_codes.FAILED_ROWS
    failed = exit_codes.FAILED_ROWS if counts.n_failed else exit_codes.OK
    return (failed if is_part else exit_code(narration.outcome)) or passed
