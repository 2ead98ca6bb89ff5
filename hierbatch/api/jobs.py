"""Jobs of the Python API. Each has the options of its command: `convert_files` has those of `hierbatch convert`.

Options are the fields of the option groups in each signature, as keywords: `hierbatch.run("rows.csv", out="runs/first",
voices="voices.csv", speed=1.1, workers=4)`; `help(hierbatch.run)` lists them.
"""

from __future__ import annotations

from pathlib import Path

from hierbatch.api.messages import OnMessage, listener
from hierbatch.engine.execution import Execution
from hierbatch.jobs.clips import write_clips
from hierbatch.jobs.dubbing.dub import DubJob, DubResult
from hierbatch.jobs.dubbing.dub import dub as dub_job
from hierbatch.jobs.options.control import RunControl, Sharding
from hierbatch.jobs.options.quality import MeasureChoice, Quality
from hierbatch.jobs.options.recordings import (
    ConversionSettings,
    DubSettings,
    SourceFolder,
    UpsamplingModelChoice,
    UpsamplingSettings,
)
from hierbatch.jobs.options.singing import SingingSettings
from hierbatch.jobs.options.speech import SpeechSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.run import RunJob, RunOutcome
from hierbatch.jobs.run import run as run_job
from hierbatch.jobs.specs.convert import ConvertSpec
from hierbatch.jobs.specs.sing import SingSpec
from hierbatch.jobs.specs.speak import SpeakSpec
from hierbatch.jobs.specs.upsample import UpsampleSpec
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.object_path import local_path, parse_path
from hierbatch.option import flatten_options


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
    sharding: Sharding,
) -> RunOutcome:
    """Synthesize every row of a manifest. The same call resumes a stopped run.

    Args:
        manifest: table of rows (.parquet, .csv, .jsonl; or s3://...) with id and text.
        out: run folder.
        on_message: function that receives notices, such as `print`.
        voices: prompts, and the consent to their use.
        speech: language, pronunciations, speed and seed.
        model: model, device and precision.
        execution: engine and workers.
        quality: measures, and retakes of flagged rows.
        control: treatment of an existing folder.
        sharding: part of the rows to synthesize, if several drivers share a manifest.

    Raises:
        InputError: the manifest, a voice or an option is invalid; nothing was started.
        BundleError: the model cannot be loaded.
        RunError: the run folder is in use or was created with other settings.
        StorageError: the disk is full; finished rows are kept.
    """
    spec = SpeakSpec(manifest=parse_path(manifest), voices=voices, speech=speech, model=model)
    shard = sharding.shard
    job = RunJob(spec=spec, out=parse_path(out), execution=execution, quality=quality, control=control, shard=shard)
    return run_job(job, listener(on_message))


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
        clips: True to also write each take to OUT/export/clips/ID.flac.
        on_message: function that receives notices, such as `print`.
        sources: folder of the recordings.
        voices: prompts, and the consent to their use.
        conversion: pitch, sample rate and bandwidth.
        model: model, device and precision.
        execution: engine and workers.
        quality: measures of the takes; no row is retaken.
        control: treatment of an existing folder.

    Raises:
        InputError: the manifest or an option is invalid, or no voice or no recording can be used.
        BundleError: the model cannot be loaded, or does not convert recordings.
        RunError: the run folder is in use or was created with other settings.
        StorageError: the disk is full; finished rows are kept.
    """
    spec = ConvertSpec(
        manifest=local_path(manifest), sources=sources, voices=voices, conversion=conversion, model=model
    )
    job = RunJob(spec=spec, out=local_path(out), execution=execution, quality=quality, control=control)
    outcome = run_job(job, listener(on_message))
    if clips:
        write_clips(outcome.out)
    return outcome


@flatten_options
def sing_files(
    manifest: str | Path,
    *,
    out: str | Path,
    clips: bool = False,
    on_message: OnMessage | None = None,
    voices: VoiceChoice,
    singing: SingingSettings,
    model: ModelChoice,
    execution: Execution,
    quality: MeasureChoice,
    control: RunControl,
) -> RunOutcome:
    """Synthesize singing for every song of a manifest. The same call resumes a stopped run.

    Args:
        manifest: table of songs with id and song.
        out: run folder.
        clips: True to also write each take to OUT/export/clips/ID.flac.
        on_message: function that receives notices, such as `print`.
        voices: prompts, and the consent to their use.
        singing: language, lyrics, transposition and vibrato.
        model: model, device and precision.
        execution: engine and workers.
        quality: measures of the takes; no row is retaken.
        control: treatment of an existing folder.

    Raises:
        InputError: the manifest or an option is invalid, or no voice can be used.
        BundleError: the model cannot be loaded, or cannot sing.
        RunError: the run folder is in use or was created with other settings.
        StorageError: the disk is full; finished rows are kept.
    """
    spec = SingSpec(manifest=local_path(manifest), voices=voices, singing=singing, model=model)
    job = RunJob(spec=spec, out=local_path(out), execution=execution, quality=quality, control=control)
    outcome = run_job(job, listener(on_message))
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
        on_message: function that receives notices, such as `print`.
        sources: folder of the recordings.
        upsampling: sample rate of the output.
        model: model, device and precision.
        execution: engine and workers.
        control: treatment of an existing folder.

    Raises:
        InputError: the manifest or an option is invalid, or no recording can be used.
        BundleError: the model cannot be loaded, or is not a SpeechSR model.
        RunError: the run folder is in use or was created with other settings.
        StorageError: the disk is full; finished rows are kept.
    """
    spec = UpsampleSpec(manifest=local_path(manifest), sources=sources, upsampling=upsampling, model=model)
    job = RunJob(spec=spec, out=local_path(out), execution=execution, quality=MeasureChoice(), control=control)
    return run_job(job, listener(on_message))


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
        on_message: function that receives notices, such as `print`.
        dubbing: voice map, segment tables, sound track, background and seed.
        voices: prompts, and the consent to their use.
        model: model, device and precision.
        execution: engine and workers.
        quality: measures of the takes; no row is retaken.
        control: treatment of an existing folder.

    Raises:
        InputError: the folder, a voice or the voice map is invalid, or no file can be dubbed.
        BundleError: the model cannot be loaded, or does not convert recordings.
        RunError: the run was created with other settings.
        StorageError: the disk is full; finished files are kept.
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
    return dub_job(job, listener(on_message))
