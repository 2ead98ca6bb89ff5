"""A book to an audiobook in one go: import, run, master; the same call goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hierbatch.engine.progress import Watch
from hierbatch.engine.session import Workforce
from hierbatch.errors import InputError
from hierbatch.export.source_publication import carries_overlays
from hierbatch.export.timeline import ChapterTimeline
from hierbatch.jobs.book import BookJob, BookResult, make_book
from hierbatch.jobs.import_book import ImportBook, ImportedBook, import_book
from hierbatch.jobs.order import SpeakOrder
from hierbatch.jobs.run import RunJob, RunOutcome, check_device, run
from hierbatch.jobs.voices import VoiceChoice
from hierbatch.models.outline import outline_upsampler
from hierbatch.models.placement import Placement
from hierbatch.stages.loading import DEFAULT_FACTORY


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrateJob:
    """Which book, in whose voice, to what kind of files; everything lies under `out`."""

    book: Path
    voices: VoiceChoice
    out: Path
    language: str = "auto"
    """`en` or `ko` for all of it, or `auto` to find each sentence's own."""
    formats: tuple[str, ...] = ("m4b", "mp3")
    subtitles: tuple[str, ...] = ()
    profile: str = "podcast"
    profile_by_format: Mapping[str, str] = field(default_factory=lambda: {"mp3": "acx"})
    title: str = ""
    """The book's own where it is not given; so are the author and the cover."""
    author: str = ""
    cover: Path | None = None
    lexicon: Path | None = None
    seed: int = 0
    speed: float = 1.0
    bundle: str = "lite"
    device: str = "cpu"
    workforce: Workforce = field(default_factory=Workforce)
    update: bool = False
    full_band: str | None = None
    """See `BookJob`."""
    model_factory: str = DEFAULT_FACTORY


@dataclass(frozen=True, slots=True)
class Narration:
    """What became of a book; `result` is None where the run stopped before its end."""

    folder: Path
    imported: ImportedBook
    outcome: RunOutcome
    result: BookResult | None

    @property
    def duration_s(self) -> float:
        """Length of the audiobook, which is the same in every format; 0 where there is none yet."""
        files = self.result.files if self.result else ()
        return sum(file.duration_s for file in files if file.format == files[0].format)


def narrate(
    job: NarrateJob, watch: Watch | None = None, on_import: Callable[[ImportedBook], None] | None = None
) -> Narration:
    """Import a book (and tell `on_import`), speak it and master it.

    Rows that fail leave a silence of their length, and are told: a book of ten thousand sentences is not lost for one.

    Raises:
        InputError: the book, a voice or an option is wrong.
        BundleError: the model cannot be loaded.
        RunError: the folder is in use, or was made from another book, voice or settings.
        StorageError: the disk is full; what is finished stands.
    """
    watch = watch or Watch()
    check_device(job.device, job.workforce)
    if job.full_band:
        _check_mastering(job)
    manifest, out = job.out / "manifest.parquet", job.out / "book"
    imported = import_book(ImportBook(book=job.book, output=manifest, language=job.language))
    if on_import:
        on_import(imported)
    order = SpeakOrder(
        manifest=manifest,
        voices=job.voices,
        lexicon=job.lexicon,
        speed=job.speed,
        seed=job.seed,
        bundle=job.bundle,
        model_factory=job.model_factory,
    )
    outcome = run(
        RunJob(order=order, out=job.out / "run", device=job.device, workforce=job.workforce, update=job.update), watch
    )
    if outcome.sitting.ending != "done":
        return Narration(out, imported, outcome, None)

    def tell_chapter(profile: str, chapter: ChapterTimeline, n_chapters: int) -> None:
        watch.notice(f"Mastering to {profile}: chapter {chapter.number} of {n_chapters}")

    return Narration(out, imported, outcome, make_book(_book_job(job, imported), tell_chapter))


def _check_mastering(job: NarrateJob) -> None:
    """The book is mastered on this machine, wherever it is spoken."""
    outline_upsampler(job.full_band or "")
    try:
        Placement.parse(job.device).check_here()
    except InputError as error:
        mend = "narrate without --full-band; `hierbatch book RUN --full-band` then gives the book its top"
        raise InputError(error.what, wanted=error.wanted, got=error.got, mend=mend) from error


def _book_job(job: NarrateJob, imported: ImportedBook) -> BookJob:
    book = imported.book
    return BookJob(
        run=job.out / "run",
        out=job.out / "book",
        formats=job.formats,
        subtitles=job.subtitles,
        profile=job.profile,
        profile_by_format=job.profile_by_format,
        cover=job.cover or book.cover,
        title=job.title or book.title,
        author=job.author or book.author,
        source=job.book if "readalong" in job.formats and carries_overlays(job.book) else None,
        allow_missing=True,
        full_band=job.full_band,
        device=job.device,
        overwrite=True,
    )
