"""`hierbatch book`: master the takes of a run as an audiobook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.cli import exit_codes
from hierbatch.cli.composed import command
from hierbatch.jobs.options.delivery import RunDelivery
from hierbatch.jobs.options.project import ChapterChoice
from hierbatch.models.catalog.model_choice import DeviceChoice
from hierbatch.object_path import local_path, parse_path

if TYPE_CHECKING:
    from hierbatch.delivery.timeline import ChapterTimeline
    from hierbatch.jobs.books.book import BookResult


@command
def book(
    run: Annotated[Path, typer.Argument(parser=parse_path, help="Run folder of an imported book, or s3://...")],
    out: Annotated[
        Path | None, typer.Option(parser=local_path, help="Output folder. Default for a local run: RUN/export/book.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option(parser=local_path, help="EPUB whose markup the read-along keeps.")
    ] = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Leave silence for failed and missing rows.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
    *,
    delivery: RunDelivery,
    chapters: ChapterChoice,
    device: DeviceChoice,
) -> None:
    """Master the takes of a run as an audiobook.

    Adds pauses, one gain per chapter and a true-peak limiter, writes files with
    tags and chapters, and checks each one against its profile.

    Example: hierbatch book runs/novel --to m4b,srt --out audiobook
    """
    from hierbatch.jobs.books.book import make_book
    from hierbatch.jobs.books.book_job import BookJob

    job = BookJob(
        run=run,
        out=out,
        delivery=delivery,
        chapters=chapters,
        device=device,
        source=source,
        allow_missing=allow_missing,
        overwrite=overwrite,
    )
    result = make_book(job, on_chapter=_print_chapter)
    print_book_result(result)
    if not result.passed:
        raise typer.Exit(exit_codes.FAILED_ROWS)


def print_book_result(result: BookResult) -> None:
    """Print the files of an audiobook, their checks, and the missing rows."""
    from hierbatch.cli.report_table import report_table
    from hierbatch.delivery.profiles import find_profile

    for file in result.files:
        print(report_table(file.report))
    for note in dict.fromkeys(find_profile(file.report.profile).note for file in result.files):
        if note:
            print(note)
    for notice in result.notices:
        print(notice)
    if result.missing:
        print(f"Missing audio, {len(result.missing)} rows: {', '.join(result.missing)}")
    for path in (*(file.path for file in result.files), *result.subtitles):
        print(path)


def _print_chapter(profile: str, chapter: ChapterTimeline, n_chapters: int) -> None:
    print(f"{profile}: chapter {chapter.number}/{n_chapters}, {chapter.duration_s / 60:.1f} min, {chapter.title}")
