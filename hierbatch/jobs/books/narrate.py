"""Narration of a book as an audiobook: import, synthesis and mastering; the same call resumes a stopped job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hierbatch.delivery.source_publication import supports_overlays
from hierbatch.delivery.timeline import ChapterTimeline
from hierbatch.engine.execution import Execution
from hierbatch.engine.progress import RunListener
from hierbatch.errors import InputError
from hierbatch.jobs.books.book import BookResult, make_book
from hierbatch.jobs.books.book_details import details_path
from hierbatch.jobs.books.book_job import BookJob
from hierbatch.jobs.books.book_lexicon import write_lexicon
from hierbatch.jobs.books.editable_manifest import find_manifest
from hierbatch.jobs.books.import_book import ImportBook, ImportedBook, import_book
from hierbatch.jobs.books.mastering_process import mastering_process
from hierbatch.jobs.options.control import RunControl
from hierbatch.jobs.options.delivery import Delivery
from hierbatch.jobs.options.project import BookProject, ChapterChoice
from hierbatch.jobs.options.quality import Quality
from hierbatch.jobs.options.speech import BookSpeechSettings, SpeechSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.run import RunJob, RunOutcome, check_device, run
from hierbatch.jobs.specs.speak import SpeakSpec
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.models.catalog.model_info import DEFAULT_UPSAMPLER, read_upsampler_info


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrateJob:
    """Book, voices and formats of an audiobook; all files are written to the folder `out`."""

    book: Path
    voices: VoiceChoice
    out: Path
    speech: BookSpeechSettings = field(default_factory=BookSpeechSettings)
    quality: Quality = field(default_factory=Quality)
    model: ModelChoice = field(default_factory=ModelChoice)
    execution: Execution = field(default_factory=Execution)
    delivery: Delivery = field(default_factory=Delivery)
    control: RunControl = field(default_factory=RunControl)
    project: BookProject = field(default_factory=BookProject)
    """Settings of the manifest, the cast and the chapters."""


@dataclass(frozen=True, slots=True)
class NarrationResult:
    """Result of a narration; `result` is None if the run stopped before its end."""

    folder: Path
    imported: ImportedBook
    outcome: RunOutcome
    result: BookResult | None

    @property
    def duration_s(self) -> float:
        """Duration of the audiobook in seconds, in the first format; 0 if the book is not finished."""
        files = [file for file in self.result.files if not file.is_sample] if self.result else []
        return sum(file.duration_s for file in files if file.format == files[0].format)


def narrate(
    job: NarrateJob,
    listener: RunListener | None = None,
    on_import: Callable[[ImportedBook], None] | None = None,
    on_synthesized: Callable[[], None] | None = None,
) -> NarrationResult:
    """Import, synthesize and master a book.

    The manifest and the details of the book can be edited between two calls: they are not overwritten, and a changed
    book is merged into the manifest. A failed row is reported, and silence of its expected duration takes its place, so
    that one sentence does not stop the whole book.

    Args:
        job: book, voices, formats and output folder.
        listener: run listener that receives progress and notices.
        on_import: function that is called with the imported book before the synthesis starts.
        on_synthesized: function that is called between the synthesis and the mastering.

    Raises:
        InputError: the book, a voice or an option is invalid.
        BundleError: the model cannot be loaded.
        RunError: the folder `out` is in use, or was created from another book, voice or settings.
        ProgramError: the encoder failed, or the package of an option is missing.
        StorageError: the disk is full; finished rows are kept.
    """
    listener = listener or RunListener()
    check_device(job.model.placement, job.execution)
    if job.delivery.full_band:
        _check_mastering(job)
    imported, manifest = _import(job, listener, on_import)
    out = job.out / job.project.folder_name
    book = _book_job(job, out, manifest)
    # Chapters are mastered as soon as all their rows have takes.
    with mastering_process(book, listener) as mastering:
        outcome = run(_run_job(job, imported, manifest), mastering.listener)
        if on_synthesized:
            on_synthesized()
        if outcome.session.ending != "done":
            return NarrationResult(out, imported, outcome, None)
        mastering.finish()

    def report_chapter(profile: str, chapter: ChapterTimeline, n_chapters: int) -> None:
        listener.on_message(f"Mastering to {profile}: chapter {chapter.number} of {n_chapters}")

    return NarrationResult(out, imported, outcome, make_book(book, report_chapter))


def _import(
    job: NarrateJob, listener: RunListener, on_import: Callable[[ImportedBook], None] | None
) -> tuple[ImportedBook, Path]:
    """Import the book, or merge a changed book into the manifest; return the book and the path of the manifest."""
    manifest = find_manifest(job.out)
    imported = import_book(
        ImportBook(
            book=job.book,
            out=manifest,
            language=job.speech.language or "auto",
            keep=job.speech.keep,
            conflicts=job.project.conflicts,
            credits=job.project.credits,
        )
    )
    if on_import:
        on_import(imported)
    for notice in imported.update.notices if imported.update else ():
        listener.on_message(notice)
    return imported, manifest


def _run_job(job: NarrateJob, imported: ImportedBook, manifest: Path) -> RunJob:
    project = job.project
    # The import has written the language of every row.
    speech = SpeechSettings(lexicon=_lexicon(job, imported), speed=job.speech.speed, seed=job.speech.seed)
    spec = SpeakSpec(
        manifest=project.manifest or manifest, voices=job.voices, speech=speech, model=job.model, cast=project.cast
    )
    return RunJob(
        spec=spec,
        out=job.out / "run",
        execution=job.execution,
        quality=job.quality,
        control=job.control,
        selection=project.selection,
    )


def _check_mastering(job: NarrateJob) -> None:
    """Check that this machine can run the bandwidth extension; mastering is local, even if the workers are remote.

    Raises:
        InputError: this machine does not have the device.
    """
    read_upsampler_info(DEFAULT_UPSAMPLER)
    try:
        job.model.placement.check_available()
    except InputError as error:
        fix = "narrate without --full-band, then run `hierbatch book RUN --full-band` on a machine with the device"
        raise InputError(error.what, expected=error.expected, got=error.got, fix=fix) from error


def _book_job(job: NarrateJob, out: Path, manifest: Path) -> BookJob:
    return BookJob(
        run=job.out / "run",
        out=out,
        delivery=job.delivery,
        details=details_path(manifest),
        source=job.book if "readalong" in job.delivery.formats and supports_overlays(job.book) else None,
        allow_missing=True,
        device=job.model,
        overwrite=True,
        chapters=ChapterChoice(chapters=job.project.chapters, preview=job.project.preview),
    )


def _lexicon(job: NarrateJob, imported: ImportedBook) -> Path | None:
    """Path of the lexicon of the run; None if there is none.

    If the book contains pronunciations, a file is written that adds them to the user's lexicon.
    """
    if not imported.lexicon:
        return job.speech.lexicon
    path = job.out / "lexicon.csv"
    write_lexicon(imported.lexicon, path, job.speech.lexicon)
    return path
