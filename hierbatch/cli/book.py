"""`hierbatch book`: a run's takes to a mastered audiobook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.cli import exit_codes, options
from hierbatch.object_path import here, place

if TYPE_CHECKING:
    from hierbatch.export.timeline import ChapterTimeline
    from hierbatch.jobs.book import BookResult


def book(
    run: Annotated[Path, typer.Argument(parser=place, help="A run folder of an imported book; or s3://...")],
    profile: Annotated[
        str, typer.Option(help="acx, ebu or podcast; `m4b=podcast,mp3=acx` gives formats their own.")
    ] = "podcast",
    to: Annotated[
        str, typer.Option(help="Any of m4b, mp3, flac, opus, readalong, and srt, vtt, words beside them.")
    ] = "m4b",
    source: Annotated[
        Path | None, typer.Option(parser=here, help="For readalong: the EPUB whose markup is kept.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(parser=here, help="Folder to make; RUN/export/book by default, if RUN is a folder.")
    ] = None,
    cover: Annotated[Path | None, typer.Option(parser=here, help="A JPEG or PNG file.")] = None,
    title: Annotated[str, typer.Option(help="Title of the book, in place of the manifest's.")] = "",
    author: Annotated[str, typer.Option(help="Author of the book.")] = "",
    narrator: Annotated[str, typer.Option(help="Whose voice it is.")] = "",
    allow_missing: Annotated[bool, typer.Option(help="Leave silence where rows failed or are not done.")] = False,
    full_band: options.FullBand = False,
    device: options.Device = "cpu",
    dtype: options.Dtype = "float32",
    compile_: options.Compile = False,
    overwrite: Annotated[bool, typer.Option(help="Replace files that are there already.")] = False,
) -> None:
    """Pauses, one gain a chapter, true-peak limiter, files with tags and chapters; each is checked when it is done."""
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
    result = make_book(job, on_chapter=_tell_chapter)
    tell_book(result)
    if not result.passed:
        raise typer.Exit(exit_codes.FAILED_ROWS)


def tell_book(result: BookResult) -> None:
    """Print what was made, how it measures, and what is not heard in it."""
    from hierbatch.cli.report_table import report_table
    from hierbatch.export.profiles import find_profile

    for file in result.files:
        print(report_table(file.report))
    for note in dict.fromkeys(find_profile(file.report.profile).note for file in result.files):
        if note:
            print(note)
    if result.missing:
        print(f"Not heard in it, {len(result.missing)} rows: {', '.join(result.missing)}")
    for path in (*(file.path for file in result.files), *result.subtitles):
        print(path)


def _tell_chapter(profile: str, chapter: ChapterTimeline, n_chapters: int) -> None:
    print(f"{profile}: chapter {chapter.number}/{n_chapters}, {chapter.duration_s / 60:.1f} min, {chapter.title}")
