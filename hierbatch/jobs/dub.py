"""A folder of recordings and films, dubbed: every file comes back as long as it was, with other people's voices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hierbatch.engine.progress import Watch
from hierbatch.engine.session import Workforce
from hierbatch.errors import InputError
from hierbatch.jobs.convert_order import find_converter
from hierbatch.jobs.dub_delivery import Background, Delivered, Delivery, write_report
from hierbatch.jobs.dub_import import DubSources, find_media, import_media, write_manifest
from hierbatch.jobs.dub_order import DubOrder
from hierbatch.jobs.run import RunJob, RunOutcome, check_device, run
from hierbatch.jobs.voices import VoiceChoice, default_voice, list_voices, prepare_voices
from hierbatch.manifest.voice_map import MapLine, read_voice_map
from hierbatch.manifest.voices import VoiceRow
from hierbatch.stages.loading import DEFAULT_FACTORY


@dataclass(frozen=True, slots=True, kw_only=True)
class DubJob:
    """What to dub, in whose voices, and where it goes."""

    folder: Path
    out: Path
    voices: VoiceChoice
    voice_map: Path | None = None
    """Who gets which voice; without it, everybody gets the one voice."""
    segments: Path | None = None
    """Folder of segments tables; by default they lie beside their files."""
    background: Background = field(default_factory=Background)
    seed: int = 0
    bundle: str = "lite"
    model_factory: str = DEFAULT_FACTORY
    device: str = "cpu"
    workforce: Workforce = field(default_factory=Workforce)
    update: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dubbing:
    """What was made: a line for each file and speaker, also in `report`."""

    lines: tuple[Delivered, ...]
    report: Path
    outcome: RunOutcome

    @property
    def n_failed(self) -> int:
        return sum(bool(line.error) for line in self.lines)


def dub(job: DubJob, watch: Watch | None = None) -> Dubbing:
    """Dub every file of a folder; the same call goes on where it stopped.

    `out` gets `files/` (the dubbed files, by their old names), `dubbed.csv`, `run/` (the voice tracks) and `work/`
    (sound taken out of films).

    Raises:
        InputError: the folder, the voices or the voice map are wrong, or no file can be dubbed.
        BundleError: the model cannot be loaded, or does not convert.
        RunError: the run belongs to other settings.
        StorageError: the disk is full; what is finished stands.
    """
    watch = watch or Watch()
    check_device(job.device, job.workforce)
    media = find_media(job.folder)
    if job.out.resolve().is_relative_to(job.folder.resolve()):
        raise InputError("The dubbed files would lie among the sources", got=str(job.out), mend="choose another --out")
    if job.segments is not None and not job.segments.is_dir():
        raise InputError("The folder of segments is not there", got=str(job.segments))
    voices = list_voices(job.voices)
    lines = _lines(job, voices)
    model = find_converter(job.model_factory, job.bundle)
    named = {line.voice for line in lines}
    used = [row for row in voices if row.voice in named]
    prompts = prepare_voices(used, model.check_prompt, allow_unknown=job.voices.allow_unknown_consent)
    hashes = {name: prompt.sha256 for name, (_, prompt) in prompts.items()}
    watch.notice(f"Reading {len(media)} files")
    work = job.out / "work"
    sources = import_media(job.folder, lines, hashes, media=media, segments=job.segments, work=work)
    _refuse_all(sources)
    manifest = job.out / "dub.parquet"
    write_manifest(sources.rows, manifest)
    order = DubOrder(
        manifest=manifest,
        prompts=prompts,
        model=model,
        seed=job.seed,
        bundle=job.bundle,
        model_factory=job.model_factory,
    )
    outcome = run(
        RunJob(
            order=order,
            out=job.out / "run",
            device=job.device,
            workforce=job.workforce,
            retakes=0,
            update=job.update,
        ),
        watch,
    )
    delivery = Delivery(folder=job.folder, out=job.out, background=job.background)
    delivered = [*delivery.deliver(outcome.out), *_refused(sources)]
    report = job.out / "dubbed.csv"
    write_report(delivered, report)
    return Dubbing(lines=tuple(delivered), report=report, outcome=outcome)


def _lines(job: DubJob, voices: Sequence[VoiceRow]) -> tuple[MapLine, ...]:
    if job.voice_map is not None:
        return read_voice_map(job.voice_map, [row.voice for row in voices])
    only = default_voice(job.voices, voices)
    if only is None:
        raise InputError(
            "It is not clear who gets which voice",
            wanted="--voice-map, --voice, or --default-voice",
            got=f"{len(voices)} voices",
        )
    return (MapLine(file="", speaker="", voice=only, key_semitones=None),)


def _refuse_all(sources: DubSources) -> None:
    if not sources.rows:
        reasons = list(sources.refusals.values())
        more = f" (and {len(reasons) - 3} more)" if len(reasons) > 3 else ""
        raise InputError("None of the files can be dubbed", got=" ".join(reasons[:3]) + more)


def _refused(sources: DubSources) -> list[Delivered]:
    return [Delivered(file=file, error=error) for file, error in sources.refusals.items()]
