"""Runs that speak, with a model that only pretends to."""

import time

import pyarrow as pa

from hierbatch.engine.execution import Execution
from hierbatch.jobs.books.narrate import NarrateJob
from hierbatch.jobs.options.delivery import Delivery
from hierbatch.jobs.options.quality import Quality
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.run import RunJob
from hierbatch.jobs.specs.speak import SpeakSpec
from hierbatch.manifest.decisions.choices import Choice, append_choice
from hierbatch.manifest.takes.takes import Takes
from hierbatch.models.catalog.model_choice import ModelChoice
from tests.changing import change
from tests.engine.planned_run import bundle_folder
from tests.making import manifest_file, prompt_file

LOCAL = Execution(engine="local")

BOOK = "# The Lamp\n\n## One\n\nThe lamp was lit. It was late.\n\n## Two\n\nNobody came. 아무도 오지 않았다.\n"


def job(folder, n_rows=10, faults=None, max_retakes=0, texts=None, **notes) -> RunJob:
    """A run of phoneme strings, or of texts."""
    columns = {"text": texts, "phonemes": pa.nulls(n_rows, pa.string())} if texts else {}
    order = SpeakSpec(
        manifest=manifest_file(folder, n_rows, faults, **columns),
        voices=VoiceChoice(voice=prompt_file(folder)),
        model=ModelChoice(model=bundle_folder(folder, **notes)),
    )
    return RunJob(spec=order, out=folder / "run", execution=LOCAL, quality=Quality(max_retakes=max_retakes))


def narration(folder) -> NarrateJob:
    """A narration of `BOOK` as FLAC."""
    (folder / "lamp.md").write_text(BOOK, encoding="utf-8")
    return NarrateJob(
        book=folder / "lamp.md",
        voices=VoiceChoice(voice=prompt_file(folder)),
        out=folder / "out",
        delivery=Delivery(to="flac", profile="podcast"),
        model=ModelChoice(model=bundle_folder(folder)),
        execution=LOCAL,
    )


def reordered(asked, **changes):
    return change(asked, spec=change(asked.spec, **changes))


def sounds(run_folder):
    takes = Takes(run_folder)
    return takes.sounds(takes.ids)


def candidates(run_folder, ids):
    """All takes of some rows, whether or not they are the best."""
    return Takes(run_folder).candidates(ids, ["id", "take_key", "attempt", "seed"]).to_pylist()


def pin_newest(run_folder, ids):
    """Pin the newest take of each row."""
    newest = {take["id"]: take for take in candidates(run_folder, ids)}
    for row_id, take in newest.items():
        choice = Choice(id=row_id, take_key=take["take_key"], attempt=take["attempt"], verdict="pin")
        append_choice(run_folder, choice)


def wait_for_parts(folder, n_parts, process):
    while process.poll() is None and len(list((folder / "run" / "parts").glob("*.parquet"))) < n_parts:
        time.sleep(0.01)
