"""Mastering of the takes of a run as an audiobook."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from hierbatch.delivery.content_credentials import check_can_sign
from hierbatch.delivery.edition import Edition, edition_files
from hierbatch.delivery.edition_making import make_edition
from hierbatch.delivery.encode import find_format
from hierbatch.delivery.encoded_files import EncodedFiles
from hierbatch.delivery.itunes_tags import can_write_itunes_fields, has_itunes_fields
from hierbatch.delivery.mastered_chapters import MasteredChapters
from hierbatch.delivery.profiles import find_profile
from hierbatch.delivery.sample import SAMPLE_NAME
from hierbatch.delivery.sealing import open_watermarker, seal_files
from hierbatch.delivery.sidecars import all_sidecar_texts
from hierbatch.delivery.source_publication import check_source
from hierbatch.delivery.takes import BookTakes
from hierbatch.delivery.threads import n_cores, thread_pool
from hierbatch.delivery.timeline import ChapterTimeline
from hierbatch.errors import InputError, RunError
from hierbatch.jobs.books.book_files import BookFolder, CheckedFile, check_not_existing, edition_names
from hierbatch.jobs.books.book_job import BookJob
from hierbatch.jobs.books.book_plan import BookPlan, cover_notices, plan_book
from hierbatch.object_path import is_remote
from hierbatch.storage import staging_folder

_MAX_SHOWN_IDS = 5

OnChapter = Callable[[str, ChapterTimeline, int], None]
"""Function called after each chapter, with the name of the profile, the chapter and the number of chapters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookResult:
    """Files of an audiobook; `missing` contains the ids of the rows without audio."""

    files: tuple[CheckedFile, ...]
    subtitles: tuple[Path, ...]
    missing: tuple[str, ...]
    notices: tuple[str, ...] = ()
    """Messages about the cover, and about tags that could not be written."""

    @property
    def passed(self) -> bool:
        """True if every file conforms to its profile."""
        return all(file.report.passed for file in self.files)


def make_book(job: BookJob, on_chapter: OnChapter | None = None) -> BookResult:
    """Master the takes of a run as an audiobook.

    All files are written and checked in a temporary folder, and then moved into place together.

    Raises:
        InputError: an option, the cover or the details are invalid, a file exists and `overwrite` is not set, or a file
            cannot be signed.
        BookError: the source of a read-along EPUB is not the EPUB 3 that the rows were imported from.
        RunError: the rows of the run are not from a book, audio is missing and `allow_missing` is not set, all audio is
            missing, or the watermark is not found in a finished file.
        ProgramError: the encoder failed, or the package for the watermark or the signature is missing.
        StorageError: the disk is full.
    """
    _check_options(job)
    watermarker = open_watermarker(is_asked=job.delivery.watermark)
    takes = BookTakes(job.run, job.chapters.selection, watermarker.mark if watermarker else None)
    missing = _missing(takes, job)
    if job.source is not None:
        check_source(job.source, takes)
    plan = plan_book(job, takes)
    out = job.out or job.run / "export" / job.chapters.folder_name
    check_not_existing(out, plan.editions, job)
    kept = encoded = None
    if not is_remote(job.run) and not watermarker:  # what is kept has no watermark
        kept, encoded = MasteredChapters(job.kept_chapters), EncodedFiles(job.encoded_files)
    with staging_folder(out) as folder:
        book = BookFolder(folder, out, takes, encoded, kept)
        made = _make_files(job, plan, book, on_chapter)
        names = list(dict.fromkeys(name for edition in plan.editions for name in edition_names(edition, job)))
        if job.delivery.sample:
            made.append(book.make_sample(job, plan.editions[0]))
            names.append(Path(SAMPLE_NAME))
        delivered = [folder / file.path.relative_to(out) for file in made]
        seal_files(delivered, watermarker, job.delivery.credentials, plan.tags.title)
        book.deliver(names)
    if kept and encoded:
        kept.remove_unused()
        encoded.remove_all()
    subtitles = tuple(out / name for name in names if name.suffix in (".srt", ".vtt", ".cue", ".json"))
    return BookResult(files=tuple(made), subtitles=subtitles, missing=missing, notices=_notices(job, plan))


def _make_files(
    job: BookJob,
    plan: BookPlan,
    book: BookFolder,
    on_chapter: OnChapter | None,
) -> list[CheckedFile]:
    """Make the files of all editions in the temporary folder, and check them."""
    with thread_pool(n_cores()) as pool:
        checked: list[list[Future[CheckedFile]]] = []
        for edition in plan.editions:
            on_one = _chapter_callback(edition, on_chapter)
            make_edition(edition, book.takes, book.folder, on_one, book.kept, book.encoded)
            # A long file of one edition is checked while the next edition is made.
            checked.append([pool.submit(book.check, edition, file) for file in edition_files(edition)])
        for name, text in all_sidecar_texts(plan.editions, job.delivery.sidecars).items():
            (book.folder / name).write_text(text, encoding="utf-8")
        return [
            file
            for edition, futures in zip(plan.editions, checked, strict=True)
            for file in book.packed(edition, [future.result() for future in futures], job.source)
        ]


def _check_options(job: BookJob) -> None:
    if is_remote(job.out or job.run):
        raise InputError(
            "An audiobook needs an output folder on this machine",
            got=str(job.out or job.run),
            fix="name a local folder with --out",
        )
    delivery = job.delivery
    if not delivery.formats:
        raise InputError(
            "No format is selected", expected="m4b, mp3, flac or opus", fix="name at least one format with --to"
        )
    for name in {*delivery.formats, *delivery.profile_by_format}:
        find_format(name)
    for name in {delivery.default_profile, *delivery.profile_by_format.values()}:
        find_profile(name)
    if credentials := delivery.credentials:
        check_can_sign([f"book.{name}" for name in delivery.formats], credentials)


def _missing(takes: BookTakes, job: BookJob) -> tuple[str, ...]:
    missing = tuple(take.id for chapter in takes.chapters for take in chapter.takes if not take.is_spoken)
    n_rows = sum(len(chapter.takes) for chapter in takes.chapters)
    if len(missing) == n_rows:
        raise RunError(
            f"{job.run} has no successful take",
            expected="at least one",
            fix="run `hierbatch retry`, or correct the manifest",
        )
    if missing and not job.allow_missing:
        shown = ", ".join(missing[:_MAX_SHOWN_IDS]) + (", ..." if len(missing) > _MAX_SHOWN_IDS else "")
        raise RunError(
            "The book has gaps",
            expected="a take of every row",
            got=f"{len(missing)} of {n_rows} rows failed or are missing: {shown}",
            fix=f"run `hierbatch retry {job.run}`, or pass --allow-missing to leave silence there",
        )
    return missing


def _chapter_callback(edition: Edition, on_chapter: OnChapter | None) -> Callable[[ChapterTimeline], None]:
    def report(chapter: ChapterTimeline) -> None:
        if on_chapter is not None:
            on_chapter(edition.profile.name, chapter, len(edition.timelines))

    return report


def _notices(job: BookJob, plan: BookPlan) -> tuple[str, ...]:
    notices = cover_notices(job, plan.cover)
    if has_itunes_fields(plan.tags) and "m4b" in job.delivery.formats and not can_write_itunes_fields():
        return (*notices, "Series, publisher and ISBN need hierbatch[tags] to be written into the M4B")
    return notices
