"""Audiobook functions of the Python API, with the same options as `hierbatch narrate` and `hierbatch book`."""

from __future__ import annotations

from pathlib import Path

from hierbatch.api.messages import OnMessage, listener
from hierbatch.engine.execution import Execution
from hierbatch.jobs.books.book import BookResult, make_book
from hierbatch.jobs.books.book_job import BookJob
from hierbatch.jobs.books.narrate import NarrateJob, NarrationResult
from hierbatch.jobs.books.narrate import narrate as narrate_job
from hierbatch.jobs.options.control import RunControl
from hierbatch.jobs.options.delivery import Delivery, RunDelivery
from hierbatch.jobs.options.project import BookProject, ChapterChoice
from hierbatch.jobs.options.quality import Quality
from hierbatch.jobs.options.speech import BookSpeechSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.models.catalog.model_choice import DeviceChoice, ModelChoice
from hierbatch.object_path import local_path, parse_path
from hierbatch.option import flatten_options


@flatten_options
def narrate(
    book: str | Path,
    *,
    out: str | Path,
    on_message: OnMessage | None = None,
    project: BookProject,
    voices: VoiceChoice,
    speech: BookSpeechSettings,
    model: ModelChoice,
    execution: Execution,
    quality: Quality,
    delivery: Delivery,
    control: RunControl,
) -> NarrationResult:
    """Turn a book into an audiobook: import, synthesize and master. The same call resumes a stopped job.

    Args:
        book: .epub, .txt or .md file.
        out: folder for the manifest, the run and the audiobook.
        on_message: function that receives notices, such as `print`.
        project: manifest, cast and chapters.
        voices: prompts, and the consent to their use.
        speech: language, pronunciations, speed and seed.
        model: model, device and precision.
        execution: engine and workers.
        quality: measures, and retakes of flagged rows.
        delivery: formats, profiles and tags.
        control: treatment of an existing folder.

    Raises:
        InputError: the book, a voice or an option is invalid.
        BundleError: the model cannot be loaded.
        RunError: the folder `out` is in use, or was created from another book, voice or settings.
        ProgramError: the encoder failed, or the package of an option is missing.
        StorageError: the disk is full; finished rows are kept.
    """
    job = NarrateJob(
        book=local_path(book),
        out=local_path(out),
        project=project,
        voices=voices,
        speech=speech,
        model=model,
        execution=execution,
        quality=quality,
        delivery=delivery,
        control=control,
    )
    return narrate_job(job, listener(on_message))


@flatten_options
def master_book(
    run: str | Path,
    *,
    out: str | Path | None = None,
    source: str | Path | None = None,
    allow_missing: bool = False,
    overwrite: bool = False,
    delivery: RunDelivery,
    chapters: ChapterChoice,
    device: DeviceChoice,
) -> BookResult:
    """Master the takes of a run as an audiobook.

    Args:
        run: run folder of an imported book.
        out: output folder; by default RUN/export/book.
        source: EPUB of the book, whose markup the read-along EPUB keeps.
        allow_missing: True to leave silence for failed and missing rows.
        overwrite: True to replace existing files.
        delivery: formats, profiles and tags.
        chapters: chapters to deliver.
        device: device and precision of the bandwidth extension.

    Raises:
        InputError: an option is invalid, or a file exists and `overwrite` is not set.
        BookError: `source` is not the EPUB 3 that the rows were imported from.
        RunError: the run is not of a book, or rows are missing and `allow_missing` is not set.
        ProgramError: the encoder failed, or the package of an option is missing.
        StorageError: the disk is full.
    """
    job = BookJob(
        run=parse_path(run),
        out=local_path(out) if out else None,
        delivery=delivery,
        chapters=chapters,
        device=device,
        source=local_path(source) if source else None,
        allow_missing=allow_missing,
        overwrite=overwrite,
    )
    return make_book(job)
