"""Dubbing of a folder of recordings and films: voices are replaced, and every file keeps its length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hierbatch.engine.execution import Execution
from hierbatch.engine.progress import RunListener
from hierbatch.errors import InputError, PromptError
from hierbatch.jobs.dubbing.dub_import import DubSources, find_media, import_media, write_manifest
from hierbatch.jobs.dubbing.dub_output import DubWriter, output_names
from hierbatch.jobs.dubbing.dub_report import DubReportRow, write_dub_report
from hierbatch.jobs.options.control import RunControl
from hierbatch.jobs.options.quality import MeasureChoice
from hierbatch.jobs.options.recordings import DubSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.run import RunJob, RunOutcome, check_device, run
from hierbatch.jobs.specs.convert import find_conversion_model
from hierbatch.jobs.specs.dub import DubSpec
from hierbatch.jobs.specs.voices import (
    PreparedVoices,
    default_voice,
    list_voices,
    other_model_notices,
    prepare_some_voices,
)
from hierbatch.manifest.voices.speakers import spelling_notices
from hierbatch.manifest.voices.voice_map import VoiceMapEntry, read_voice_map
from hierbatch.manifest.voices.voices import VoiceRow
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.models.catalog.model_info import ModelInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class DubJob:
    """Folder to dub, target voices and output folder."""

    folder: Path
    out: Path
    voices: VoiceChoice
    dubbing: DubSettings = field(default_factory=DubSettings)
    quality: MeasureChoice = field(default_factory=MeasureChoice)
    model: ModelChoice = field(default_factory=ModelChoice)
    execution: Execution = field(default_factory=Execution)
    control: RunControl = field(default_factory=RunControl)


@dataclass(frozen=True, slots=True, kw_only=True)
class DubResult:
    """Result of a dubbing job, with a row for each file and speaker; the rows are also in the table `report`."""

    lines: tuple[DubReportRow, ...]
    report: Path
    outcome: RunOutcome

    @property
    def n_failed(self) -> int:
        """Number of rows with an error."""
        return sum(bool(row.error) for row in self.lines)


def dub(job: DubJob, listener: RunListener | None = None) -> DubResult:
    """Dub every file of a folder; the same call resumes a stopped job.

    The following is written to `out`: `files/` (the dubbed files, named by `output_names`), `dubbed.csv` (the report),
    `run/` (the voice tracks) and `work/` (audio extracted from films).

    Raises:
        InputError: the folder, a voice or the voice map is invalid, or no file can be dubbed.
        BundleError: the model cannot be loaded, or does not convert recordings.
        RunError: the run was created with other settings.
        StorageError: the disk is full; finished files are kept.
    """
    listener = listener or RunListener()
    check_device(job.model.placement, job.execution)
    media = find_media(job.folder)
    _check_folders(job)
    voices = list_voices(job.voices)
    mapped = _voice_map(job, voices)
    info = find_conversion_model(job.model.model)
    prompts, unusable = _prepare_prompts(job, info, voices, mapped)
    listener.on_message(f"Reading {len(media)} files")
    sources = _import_sources(job, media, mapped, prompts, unusable)
    voice_notices = (*spelling_notices(voices), *other_model_notices(prompts, info), *map(str, unusable.values()))
    for notice in (*voice_notices, *sources.notices):
        listener.on_message(notice)
    _check_any_usable(sources)
    manifest = job.out / "dub.parquet"
    write_manifest(sources.rows, manifest)
    spec = DubSpec(manifest=manifest, prompts=prompts, info=info, dubbing=job.dubbing, model=job.model)
    outcome = run(
        RunJob(spec=spec, out=job.out / "run", execution=job.execution, quality=job.quality, control=job.control),
        listener,
    )
    return _write_files(job, sources, outcome)


def _check_folders(job: DubJob) -> None:
    if job.out.resolve().is_relative_to(job.folder.resolve()):
        raise InputError("The output folder is inside the source folder", got=str(job.out), fix="choose another --out")
    segments = job.dubbing.segments
    if segments is not None and not segments.is_dir():
        raise InputError("The folder of segment tables does not exist", got=str(segments), fix="correct --segments")


def _prepare_prompts(
    job: DubJob, info: ModelInfo, voices: Sequence[VoiceRow], mapped: Sequence[VoiceMapEntry]
) -> tuple[PreparedVoices, dict[str, PromptError]]:
    """Prepare the prompts of the voices in the voice map; return them, and the errors of unusable prompts by voice."""
    named = {entry.voice for entry in mapped}
    return prepare_some_voices(
        [row for row in voices if row.voice in named],
        info.check_prompt,
        allow_unknown=job.voices.allow_unknown_consent,
        denoise_ratio=job.voices.denoise_ratio,
        model_denoises=info.can_denoise,
    )


def _import_sources(
    job: DubJob,
    media: Sequence[Path],
    mapped: Sequence[VoiceMapEntry],
    prompts: PreparedVoices,
    unusable: Mapping[str, PromptError],
) -> DubSources:
    return import_media(
        job.folder,
        mapped,
        {name: prompt.sha256 for name, (_, prompt) in prompts.items()},
        media=media,
        segments=job.dubbing.segments,
        work_folder=job.out / "work",
        track=job.dubbing.track,
        unusable_voices=unusable,
    )


def _write_files(job: DubJob, sources: DubSources, outcome: RunOutcome) -> DubResult:
    writer = DubWriter(
        folder=job.folder,
        out=job.out,
        background=job.dubbing.mixing,
        track=job.dubbing.track,
        names=output_names([row["file"] for row in sources.rows]),
    )
    rows = [*writer.write_files(outcome.out), *_rejected_files(sources)]
    report = job.out / "dubbed.csv"
    write_dub_report(rows, report)
    return DubResult(lines=tuple(rows), report=report, outcome=outcome)


def _voice_map(job: DubJob, voices: Sequence[VoiceRow]) -> tuple[VoiceMapEntry, ...]:
    if job.dubbing.voice_map is not None:
        return read_voice_map(job.dubbing.voice_map, [row.voice for row in voices])
    only = default_voice(job.voices, voices)
    if only is None:
        raise InputError(
            "The target voice is ambiguous",
            expected="--voice-map, --voice, or --default-voice",
            got=f"{len(voices)} voices",
            fix="pass one of these options",
        )
    return (VoiceMapEntry(file="", speaker="", voice=only, key_semitones=None),)


def _check_any_usable(sources: DubSources) -> None:
    if not sources.rows:
        reasons = list(sources.errors.values())
        more = f" (and {len(reasons) - 3} more)" if len(reasons) > 3 else ""
        raise InputError(
            "No file can be dubbed",
            got=" ".join(reasons[:3]) + more,
            fix="correct these files, or choose another folder",
        )


def _rejected_files(sources: DubSources) -> list[DubReportRow]:
    return [DubReportRow(file=file, error=error) for file, error in sources.errors.items()]
