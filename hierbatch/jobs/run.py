"""A manifest to takes: checked, planned, spoken, each row put down once; the same call goes on where it stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.engine.planning import Asked, plan_rows
from hierbatch.engine.progress import Watch
from hierbatch.engine.run_folder import RunFolder, hold, open_generation
from hierbatch.engine.session import Sitting, Workforce, work
from hierbatch.engine.worker import WorkerSpec
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.jobs.voices import (
    PreparedVoices,
    VoiceChoice,
    default_voice,
    list_voices,
    prepare_voices,
    write_shelf,
)
from hierbatch.manifest.checks import Expected, check_manifest
from hierbatch.manifest.schema import MANIFEST_COLUMNS, plan_schema
from hierbatch.manifest.store import TableFile, open_table, write_table
from hierbatch.manifest.takes import Takes
from hierbatch.stages.base import check_chain
from hierbatch.stages.loading import DEFAULT_FACTORY, load_model
from hierbatch.stages.speak import Speak
from hierbatch.stages.text import ReadText

TASK = "speak"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunJob:
    """What to speak, in which voice, with what, and where the takes go."""

    manifest: Path
    out: Path
    voices: VoiceChoice
    language: str | None = None
    """Language of rows that name none."""
    speed: float = 1.0
    """Speaking rate of rows that name none."""
    seed: int = 0
    bundle: str = "lite"
    device: str = "cpu"
    workforce: Workforce = field(default_factory=Workforce)
    update: bool = False
    """Start a new generation where the folder was made with other settings or another manifest."""
    model_factory: str = DEFAULT_FACTORY


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """The run as it stands, and what this sitting added; `n_missing` rows have no take yet."""

    out: Path
    n_rows: int
    n_ok: int
    n_failed: int
    n_missing: int
    sound_s: float
    error_kinds: dict[str, int]
    sitting: Sitting


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInputs:
    """A job's inputs, checked: they fit each other and the model."""

    manifest: TableFile
    n_rows: int
    prompts: PreparedVoices
    asked: Asked
    model: str


def run(job: RunJob, watch: Watch | None = None) -> RunOutcome:
    """Speak every row of a manifest that has no take yet.

    Raises:
        InputError: the manifest, a voice or an option is wrong; nothing was started.
        BundleError: the model cannot be loaded.
        RunError: the folder is in use or belongs to other settings, or no worker can start.
        StorageError: the disk is full; what is finished stands.
    """
    watch = watch or Watch()
    inputs = check_inputs(job, watch)
    folder = RunFolder(job.out)
    folder.make()
    with hold(folder):
        folder.sweep()
        generation = open_generation(folder, _settings(inputs), _origin(job), update=job.update)
        if not folder.plan_file(generation).exists():
            watch.notice(f"Planning {inputs.n_rows} rows")
            write_shelf(inputs.prompts, folder.voices_file(generation))
            write_table(plan_table(inputs), plan_schema(inputs.manifest.schema), folder.plan_file(generation))
        spec = worker_spec(folder, generation, bundle=job.bundle, device=job.device, factory=job.model_factory)
        sitting = work(folder, generation, spec, job.workforce, watch)
    return count(job.out, sitting)


def check_inputs(job: RunJob, watch: Watch) -> RunInputs:
    """Everything that can be wrong before a worker starts, found before a worker starts.

    Raises:
        InputError: the manifest, a voice or an option is wrong.
        BundleError: the model cannot be loaded.
    """
    manifest = open_table(job.manifest, MANIFEST_COLUMNS)
    voices = list_voices(job.voices)
    # On the CPU: only what it says of itself and of the voices is wanted here.
    model = load_model(job.model_factory, job.bundle, "cpu")
    default = default_voice(job.voices, voices)
    expected = Expected(
        languages=model.languages,
        # One recording speaks everything, so whatever the rows name is fine.
        voices=None if job.voices.file else [row.voice for row in voices],
        default_language=job.language,
        default_voice=default,
    )
    n_rows = check_manifest(manifest, expected)
    named = set() if job.voices.file else _named_voices(manifest)
    used = [row for row in voices if row.voice in {*named, default}]
    prompts = prepare_voices(used, model, allow_unknown=job.voices.allow_unknown_consent)
    for _, prompt in prompts.values():
        for notice in prompt.notices:
            watch.notice(notice)
    asked = Asked(
        task=TASK,
        voice=default,
        lang=job.language,
        speed=job.speed,
        seed=job.seed,
        voice_sha256={name: prompt.sha256 for name, (_, prompt) in prompts.items()},
        fingerprint=model.fingerprint,
        one_voice=job.voices.file is not None,
    )
    return RunInputs(manifest=manifest, n_rows=n_rows, prompts=prompts, asked=asked, model=model.name)


def plan_table(inputs: RunInputs) -> Iterator[pa.Table]:
    """The plan of a job, a window at a time; phonemes are made here."""
    columns = plan_schema(inputs.manifest.schema).names
    check_chain([Speak], columns)
    return plan_rows(inputs.manifest, ReadText(SpeechFrontEnd()), inputs.asked)


def worker_spec(folder: RunFolder, generation: int, *, bundle: str, device: str, factory: str) -> WorkerSpec:
    """What the workers of a generation are told; paths are whole, since a worker may start anywhere."""
    return WorkerSpec(
        run=folder.root.resolve(),
        voices=folder.voices_file(generation).resolve(),
        bundle=bundle,
        device=device,
        model_factory=factory,
    )


def count(run_folder: Path, sitting: Sitting) -> RunOutcome:
    """The run as its files tell it."""
    takes = Takes(run_folder)
    table = takes.table(["status", "error_kind", "duration_s"])
    kinds = pc.value_counts(table.column("error_kind").drop_null()).to_pylist()
    n_ok = pc.sum(pc.equal(table.column("status"), "ok")).as_py() or 0
    return RunOutcome(
        out=run_folder,
        n_rows=takes.n_rows,
        n_ok=n_ok,
        n_failed=len(table) - n_ok,
        n_missing=takes.n_rows - len(table),
        sound_s=pc.sum(table.column("duration_s")).as_py() or 0.0,
        error_kinds={entry["values"]: entry["counts"] for entry in kinds},
        sitting=sitting,
    )


def _named_voices(manifest: TableFile) -> set[str]:
    if "voice" not in manifest.schema.names:
        return set()
    return {name for rows in manifest.batches(["voice"]) for name in pc.unique(rows.column("voice")).to_pylist()}


def _settings(inputs: RunInputs) -> dict[str, Any]:
    """What the takes depend on; a run goes on only while all of it is the same."""
    asked = inputs.asked
    with inputs.manifest.path.open("rb") as file:
        manifest_sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "task": asked.task,
        "manifest_sha256": manifest_sha256,
        "voices": dict(sorted(asked.voice_sha256.items())),
        "voice": asked.voice,
        "lang": asked.lang,
        "speed": asked.speed,
        "seed": asked.seed,
        "model": inputs.model,
        "fingerprint": asked.fingerprint,
    }


def _origin(job: RunJob) -> dict[str, str]:
    """Where the inputs lay, for people and for `retry`; they may move without changing the takes."""
    return {"manifest": str(job.manifest), "bundle": job.bundle, "model_factory": job.model_factory}
