"""Turn a book into an audiobook: import, synthesize and master. The same call resumes a stopped job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hierbatch.delivery.source_publication import supports_overlays
from hierbatch.delivery.timeline import ChapterTimeline
from hierbatch.engine.progress import RunListener
from hierbatch.engine.session import Execution
from hierbatch.errors import InputError
from hierbatch.jobs.book import BookJob, BookResult, make_book
from hierbatch.jobs.book_lexicon import write_lexicon
from hierbatch.jobs.import_book import ImportBook, ImportedBook, import_book
from hierbatch.jobs.run import RunJob, RunOutcome, check_device, run
from hierbatch.jobs.specs.speak import SpeakSpec
from hierbatch.jobs.specs.voices import VoiceChoice
from hierbatch.models.catalog.model_info import read_upsampler_info
from hierbatch.models.catalog.open_model import DEFAULT_FACTORY
from hierbatch.models.device_placement import DevicePlacement


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrateJob:
    """Book, voices and audio formats of an audiobook. All files are written below `out`."""

    book: Path
    voices: VoiceChoice
    out: Path
    language: str = "auto"
    """`en` or `ko` for the whole book, or `auto` to detect the language of each sentence."""
    keep: str = ""
    """Parts of the book to read although they are skipped by default; see `ImportBook`."""
    formats: tuple[str, ...] = ("m4b", "mp3")
    subtitles: tuple[str, ...] = ()
    profile: str = "podcast"
    profile_by_format: Mapping[str, str] = field(default_factory=lambda: {"mp3": "acx"})
    title: str = ""
    """Title; empty takes the book's own. The same applies to author and cover."""
    author: str = ""
    cover: Path | None = None
    lexicon: Path | None = None
    seed: int = 0
    speed: float = 1.0
    bundle: str = "lite"
    device: str = "cpu"
    execution: Execution = field(default_factory=Execution)
    update: bool = False
    full_band: str | None = None
    """SpeechSR bundle for bandwidth extension, see `BookJob`."""
    model_factory: str = DEFAULT_FACTORY


@dataclass(frozen=True, slots=True)
class NarrationResult:
    """Result of a narration. `result` is None if the run stopped before its end."""

    folder: Path
    imported: ImportedBook
    outcome: RunOutcome
    result: BookResult | None

    @property
    def duration_s(self) -> float:
        """Duration of the audiobook, the same in every format; 0 if it is not finished."""
        files = self.result.files if self.result else ()
        return sum(file.duration_s for file in files if file.format == files[0].format)


def narrate(
    job: NarrateJob, listener: RunListener | None = None, on_import: Callable[[ImportedBook], None] | None = None
) -> NarrationResult:
    """Import, synthesize and master a book.

    A failed row is reported and leaves a silence of its expected length, so that one sentence does not cost the book.

    Args:
        job: book, voices, formats and output folder.
        listener: receives progress and notices.
        on_import: called with the imported book before the synthesis starts.

    Raises:
        InputError: the book, a voice or an option is invalid.
        BundleError: the model cannot be loaded.
        RunError: the folder is in use, or was created from another book, voice or settings.
        StorageError: the disk is full; finished rows are kept.
    """
    listener = listener or RunListener()
    check_device(job.device, job.execution)
    if job.full_band:
        _check_mastering(job)
    manifest, out = job.out / "manifest.parquet", job.out / "book"
    imported = import_book(ImportBook(book=job.book, out=manifest, language=job.language, keep=job.keep))
    if on_import:
        on_import(imported)
    spec = SpeakSpec(
        manifest=manifest,
        voices=job.voices,
        lexicon=_lexicon(job, imported),
        speed=job.speed,
        seed=job.seed,
        bundle=job.bundle,
        model_factory=job.model_factory,
    )
    outcome = run(
        RunJob(spec=spec, out=job.out / "run", device=job.device, execution=job.execution, update=job.update), listener
    )
    if outcome.session.ending != "done":
        return NarrationResult(out, imported, outcome, None)

    def report_chapter(profile: str, chapter: ChapterTimeline, n_chapters: int) -> None:
        listener.on_message(f"Mastering to {profile}: chapter {chapter.number} of {n_chapters}")

    return NarrationResult(out, imported, outcome, make_book(_book_job(job, imported), report_chapter))


def _check_mastering(job: NarrateJob) -> None:
    """Check that this machine can run the bandwidth extension: mastering is local, even if workers are remote."""
    read_upsampler_info(job.full_band or "")
    try:
        DevicePlacement.parse(job.device).check_available()
    except InputError as error:
        fix = "narrate without --full-band, then run `hierbatch book RUN --full-band` on a machine with the device"
        raise InputError(error.what, expected=error.expected, got=error.got, fix=fix) from error


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
        source=job.book if "readalong" in job.formats and supports_overlays(job.book) else None,
        allow_missing=True,
        full_band=job.full_band,
        device=job.device,
        overwrite=True,
    )


def _lexicon(job: NarrateJob, imported: ImportedBook) -> Path | None:
    """Lexicon of the user, joined with the pronunciations of the book if it has any."""
    if not imported.lexicon:
        return job.lexicon
    path = job.out / "lexicon.csv"
    write_lexicon(imported.lexicon, path, job.lexicon)
    return path
