"""A run folder that is planned and not worked yet."""

from dataclasses import dataclass
from pathlib import Path

from hierbatch.engine.run_folder import RunFolder, open_generation
from hierbatch.engine.worker import WorkerSpec
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.specs.speak import SpeakSpec, validate_spec
from hierbatch.jobs.specs.voices import write_voice_table
from hierbatch.manifest.tables.parquet_writing import write_table
from hierbatch.models.catalog.model_choice import ModelChoice
from tests.engine.fake_model import write_fake_bundle
from tests.engine.pending_rows import committed_names, find_pending
from tests.making import manifest_file, prompt_file


@dataclass
class PlannedRun:
    folder: RunFolder
    spec: WorkerSpec

    def units(self):
        return list(find_pending(self.folder.plan_file(1), committed_names(self.folder)).units())


def bundle_folder(folder: Path, **notes) -> Path:
    """A bundle of the fake model; notes are what it reads there."""
    return write_fake_bundle(folder / "bundle", **notes)


def planned_run(folder: Path, n_rows, faults=None, **notes) -> PlannedRun:
    bundle = bundle_folder(folder, **notes)
    order = SpeakSpec(
        manifest=manifest_file(folder, n_rows, faults),
        voices=VoiceChoice(voice=prompt_file(folder)),
        model=ModelChoice(model=bundle),
    )
    checked = validate_spec(order)
    run = RunFolder(folder / "run")
    run.make()
    open_generation(run, checked.settings(), {}, update=False)
    write_voice_table(checked.prompts, run.voices_file(1))
    write_table(checked.plan(), checked.plan_schema(), run.plan_file(1))
    return PlannedRun(run, WorkerSpec.from_run(run, 1, order.origin(), order.model.placement))
