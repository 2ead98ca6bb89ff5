"""`hierbatch book`: master the takes of a run as an audiobook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.cli import exit_codes, options
from hierbatch.object_path import local_path, parse_path

if TYPE_CHECKING:
    from hierbatch.delivery.timeline import ChapterTimeline
    from hierbatch.jobs.book import BookResult


def book(
    run: Annotated[Path, typer.Argument(parser=parse_path, help="Run folder of an imported book, or s3://...")],
    profile: Annotated[str, typer.Option(help="acx, ebu or podcast; per format: m4b=podcast,mp3=acx.")] = "podcast",
    to: Annotated[
        str, typer.Option(help="Formats, e.g. m4b,srt: m4b, mp3, flac, opus, readalong; srt, vtt, words.")
    ] = "m4b",
    source: Annotated[Path | None, typer.Option(parser=local_path, help="EPUB whose markup a readalong keeps.")] = None,
    out: Annotated[
        Path | None, typer.Option(parser=local_path, help="Output folder. Default for a local run: RUN/export/book.")
    ] = None,
    cover: Annotated[Path | None, typer.Option(parser=local_path, help="Cover image, JPEG or PNG.")] = None,
    title: Annotated[str, typer.Option(help="Title. Default: that in the manifest.")] = "",
    author: Annotated[str, typer.Option(help="Author.")] = "",
    narrator: Annotated[str, typer.Option(help="Narrator.")] = "",
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Leave silence for failed and missing rows.")
    ] = False,
    full_band: options.FullBand = False,
    device: options.Device = "cpu",
    dtype: options.Dtype = "float32",
    compile_: options.Compile = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
) -> None:
    """Master the takes of a run as an audiobook.

    Adds pauses, one gain per chapter and a true-peak limiter, writes files with
    tags and chapters, and checks each one against its profile.
    """
    from hierbatch.cli.book_options import read_formats, read_profiles
    from hierbatch.jobs.book import BookJob, make_book

    formats, subtitles = read_formats(to)
    default, by_format = read_profiles(profile)
    job = BookJob(
        run=run,
        out=out,
        formats=formats,
        subtitles=subtitles,
        profile=default,
        profile_by_format=by_format,
        cover=cover,
        title=title,
        author=author,
        narrator=narrator,
        source=source,
        allow_missing=allow_missing,
        overwrite=overwrite,
        full_band="speechsr" if full_band else None,
        device=options.placement(device, dtype, compile_),
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
    if result.missing:
        print(f"Missing audio, {len(result.missing)} rows: {', '.join(result.missing)}")
    for path in (*(file.path for file in result.files), *result.subtitles):
        print(path)


def _print_chapter(profile: str, chapter: ChapterTimeline, n_chapters: int) -> None:
    print(f"{profile}: chapter {chapter.number}/{n_chapters}, {chapter.duration_s / 60:.1f} min, {chapter.title}")
