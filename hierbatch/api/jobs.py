"""Jobs of the Python API: the same work and the same options as the commands of these names.

Options are the fields of the option groups in each signature, as keywords: `hierbatch.run("rows.csv", out="runs/first",
voices="voices.csv", speed=1.1, workers=4)`; `help(hierbatch.run)` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hierbatch.engine.execution import Execution
from hierbatch.engine.progress import RunListener
from hierbatch.jobs.book import BookJob, BookResult, make_book
from hierbatch.jobs.clips import write_clips
from hierbatch.jobs.corpus import CorpusJob, CorpusResult
from hierbatch.jobs.corpus import corpus as corpus_job
from hierbatch.jobs.dub import DubJob, DubResult
from hierbatch.jobs.dub import dub as dub_job
from hierbatch.jobs.export import ExportJob, ExportResult
from hierbatch.jobs.export import export as export_job
from hierbatch.jobs.narrate import NarrateJob, NarrationResult
from hierbatch.jobs.narrate import narrate as narrate_job
from hierbatch.jobs.options.control import RunControl
from hierbatch.jobs.options.corpus import CorpusSettings
from hierbatch.jobs.options.delivery import Delivery, RunDelivery
from hierbatch.jobs.options.quality import CorpusQuality, MeasureChoice, Quality
from hierbatch.jobs.options.recordings import (
    ConversionSettings,
    DubSettings,
    SourceFolder,
    UpsamplingModelChoice,
    UpsamplingSettings,
)
from hierbatch.jobs.options.speech import BookSpeechSettings, CorpusTextSettings, SpeechSettings
from hierbatch.jobs.options.voices import VoiceChoice, VoiceTable
from hierbatch.jobs.run import RunJob, RunOutcome
from hierbatch.jobs.run import run as run_job
from hierbatch.jobs.specs.convert import ConvertSpec
from hierbatch.jobs.specs.speak import SpeakSpec
from hierbatch.jobs.specs.upsample import UpsampleSpec
from hierbatch.models.catalog.model_choice import DeviceChoice, ModelChoice
from hierbatch.object_path import local_path, parse_path
from hierbatch.option import flatten_options

OnMessage = Callable[[str], None]
"""Receives notices on the inputs and on the progress, such as `print`."""


@flatten_options
def run(
    manifest: str | Path,
    *,
    out: str | Path,
    on_message: OnMessage | None = None,
    voices: VoiceChoice,
    speech: SpeechSettings,
    model: ModelChoice,
    execution: Execution,
    quality: Quality,
    control: RunControl,
) -> RunOutcome:
    """Synthesize every row of a manifest. The same call resumes a stopped run.

    Args:
        manifest: table of rows (.parquet, .csv, .jsonl; or s3://...) with id and text.
        out: run folder.
        on_message: receives notices.
        voices: prompts and their consent.
        speech: language, pronunciations, speed and seed.
        model: model, device and precision.
        execution: engine and workers.
        quality: measures, and retakes of flagged rows.
        control: treatment of an existing folder.

    Raises:
        InputError: the manifest, a voice or an option is invalid; nothing was started.
        BundleError: the model cannot be loaded.
        RunError: the run folder is in use or was created with other settings.
    """
    spec = SpeakSpec(manifest=parse_path(manifest), voices=voices, speech=speech, model=model)
    job = RunJob(spec=spec, out=parse_path(out), execution=execution, quality=quality, control=control)
    return run_job(job, _listener(on_message))


@flatten_options
def convert_files(
    manifest: str | Path,
    *,
    out: str | Path,
    clips: bool = False,
    on_message: OnMessage | None = None,
    sources: SourceFolder,
    voices: VoiceChoice,
    conversion: ConversionSettings,
    model: ModelChoice,
    execution: Execution,
    quality: MeasureChoice,
    control: RunControl,
) -> RunOutcome:
    """Convert every recording of a manifest to its target voice. The same call resumes a stopped run.

    Args:
        manifest: table of recordings with id and source.
        out: run folder.
        clips: also write OUT/export/clips/ID.flac.
        on_message: receives notices.
        sources: folder of the recordings.
        voices: prompts and their consent.
        conversion: pitch, sample rate and bandwidth.
        model: model, device and precision.
        execution: engine and workers.
        quality: measures, and retakes of flagged rows.
        control: treatment of an existing folder.

    Raises:
        InputError: the manifest or an option is invalid, or no voice or no recording can be used.
        BundleError: the model cannot be loaded, or does not convert recordings.
        RunError: the run folder is in use or was created with other settings.
    """
    spec = ConvertSpec(
        manifest=local_path(manifest), sources=sources, voices=voices, conversion=conversion, model=model
    )
    job = RunJob(spec=spec, out=local_path(out), execution=execution, quality=quality, control=control)
    outcome = run_job(job, _listener(on_message))
    if clips:
        write_clips(outcome.out)
    return outcome


@flatten_options
def upsample_files(
    manifest: str | Path,
    *,
    out: str | Path,
    on_message: OnMessage | None = None,
    sources: SourceFolder,
    upsampling: UpsamplingSettings,
    model: UpsamplingModelChoice,
    execution: Execution,
    control: RunControl,
) -> RunOutcome:
    """Extend the bandwidth of every recording of a manifest. The same call resumes a stopped run.

    Args:
        manifest: table of recordings with id and source.
        out: run folder.
        on_message: receives notices.
        sources: folder of the recordings.
        upsampling: sample rate.
        model: model, device and precision.
        execution: engine and workers.
        control: treatment of an existing folder.

    Raises:
        InputError: the manifest or an option is invalid, or no recording can be used.
        BundleError: the model cannot be loaded, or is not a SpeechSR model.
        RunError: the run folder is in use or was created with other settings.
    """
    spec = UpsampleSpec(manifest=local_path(manifest), sources=sources, upsampling=upsampling, model=model)
    job = RunJob(spec=spec, out=local_path(out), execution=execution, quality=MeasureChoice(), control=control)
    return run_job(job, _listener(on_message))


@flatten_options
def dub(
    folder: str | Path,
    *,
    out: str | Path,
    on_message: OnMessage | None = None,
    dubbing: DubSettings,
    voices: VoiceChoice,
    model: ModelChoice,
    execution: Execution,
    quality: MeasureChoice,
    control: RunControl,
) -> DubResult:
    """Replace the voices of a folder of recordings and films. The same call resumes a stopped job.

    Args:
        folder: folder of recordings and films.
        out: output folder.
        on_message: receives notices.
        dubbing: assignment of voices, segments and background.
        voices: prompts and their consent.
        model: model, device and precision.
        execution: engine and workers.
        quality: measures, and retakes of flagged rows.
        control: treatment of an existing folder.

    Raises:
        InputError: the folder, a voice or the voice map is invalid, or no file can be dubbed.
        BundleError: the model cannot be loaded, or does not convert recordings.
        RunError: the run was created with other settings.
    """
    job = DubJob(
        folder=local_path(folder),
        out=local_path(out),
        dubbing=dubbing,
        voices=voices,
        model=model,
        execution=execution,
        quality=quality,
        control=control,
    )
    return dub_job(job, _listener(on_message))


@flatten_options
def narrate(
    book: str | Path,
    *,
    out: str | Path,
    on_message: OnMessage | None = None,
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
        out: folder of manifest, run and audiobook.
        on_message: receives notices.
        voices: prompts and their consent.
        speech: language, pronunciations, speed and seed.
        model: model, device and precision.
        execution: engine and workers.
        quality: measures, and retakes of flagged rows.
        delivery: formats, profiles and tags.
        control: treatment of an existing folder.

    Raises:
        InputError: the book, a voice or an option is invalid.
        BundleError: the model cannot be loaded.
        RunError: the folder is in use, or was created from another book, voice or settings.
    """
    job = NarrateJob(
        book=local_path(book),
        out=local_path(out),
        voices=voices,
        speech=speech,
        model=model,
        execution=execution,
        quality=quality,
        delivery=delivery,
        control=control,
    )
    return narrate_job(job, _listener(on_message))


@flatten_options
def master_book(
    run: str | Path,
    *,
    out: str | Path | None = None,
    source: str | Path | None = None,
    allow_missing: bool = False,
    overwrite: bool = False,
    delivery: RunDelivery,
    device: DeviceChoice,
) -> BookResult:
    """Master the takes of a run as an audiobook.

    Args:
        run: run folder of an imported book.
        out: output folder; by default RUN/export/book.
        source: EPUB whose markup a readalong keeps.
        allow_missing: leave silence for failed and missing rows.
        overwrite: replace existing files.
        delivery: formats, profiles and tags.
        device: device and precision of the bandwidth extension.

    Raises:
        InputError: an option is invalid, or a file exists.
        RunError: the run is not of a book, or rows are missing.
    """
    job = BookJob(
        run=parse_path(run),
        out=local_path(out) if out else None,
        delivery=delivery,
        device=device,
        source=local_path(source) if source else None,
        allow_missing=allow_missing,
        overwrite=overwrite,
    )
    return make_book(job)


@flatten_options
def corpus(
    texts: str | Path | Sequence[str | Path],
    *,
    out: str | Path,
    on_message: OnMessage | None = None,
    settings: CorpusSettings,
    voices: VoiceTable,
    reading: CorpusTextSettings,
    model: ModelChoice,
    execution: Execution,
    quality: CorpusQuality,
    control: RunControl,
) -> CorpusResult:
    """Create a synthetic corpus from texts and voices. The same call resumes a stopped run.

    Args:
        texts: tables with a text column, books, or folders of both.
        out: run folder.
        on_message: receives notices.
        settings: duration, speakers, spread and splits.
        voices: prompts and their consent.
        reading: language, pronunciations and seed.
        model: model, device and precision.
        execution: engine and workers.
        quality: measures, and retakes of flagged rows.
        control: treatment of an existing folder.

    Raises:
        InputError: a text, voice, rule or option is invalid; nothing was started.
        BundleError: the model cannot be loaded.
        RunError: the folder is in use, or was created from other texts, voices or settings.
    """
    job = CorpusJob(
        texts=tuple(map(local_path, [texts] if isinstance(texts, str | Path) else texts)),
        out=local_path(out),
        settings=settings,
        voices=voices,
        reading=reading,
        model=model,
        execution=execution,
        quality=quality,
        control=control,
    )
    return corpus_job(job, _listener(on_message))


def export(run: str | Path, *, to: str, out: str | Path, name: str = "") -> ExportResult:
    """Write the accepted takes of a run as a data set.

    Args:
        run: folder of a finished run.
        to: `hf`, `lhotse`, `webdataset`, `ljspeech` or `nemo`.
        out: folder to create; it must not exist.
        name: title of the data set; by default the folder's name.

    Raises:
        InputError: the format is unknown, the folder exists, or no row is left to write.
        RunError: the run is not finished, or has changed since it was filtered.
    """
    return export_job(ExportJob(run=local_path(run), to=to, out=local_path(out), name=name))


def _listener(on_message: OnMessage | None) -> RunListener | None:
    return RunListener(on_message=on_message) if on_message else None
