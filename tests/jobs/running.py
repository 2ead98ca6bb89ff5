"""Runs that speak, with a model that only pretends to."""

import time
from dataclasses import replace

from hierbatch.engine.session import Workforce
from hierbatch.jobs.run import RunJob
from hierbatch.jobs.specs.speak import SpeakOrder
from hierbatch.jobs.specs.voices import VoiceChoice
from hierbatch.manifest.takes import Takes
from tests.engine.fake_model import FACTORY
from tests.engine.planned_run import bundle_folder
from tests.making import manifest_file, prompt_file

LOCAL = Workforce(engine="local")


def job(folder, n_rows=10, faults=None, retakes=0, **notes) -> RunJob:
    order = SpeakOrder(
        manifest=manifest_file(folder, n_rows, faults),
        voices=VoiceChoice(file=prompt_file(folder)),
        bundle=str(bundle_folder(folder, **notes)),
        model_factory=FACTORY,
    )
    return RunJob(order=order, out=folder / "run", workforce=LOCAL, retakes=retakes)


def reordered(asked, **changes):
    return replace(asked, order=replace(asked.order, **changes))


def sounds(run_folder):
    takes = Takes(run_folder)
    return takes.sounds(takes.ids)


def wait_for_parts(folder, n_parts, process):
    while process.poll() is None and len(list((folder / "run" / "parts").glob("*.parquet"))) < n_parts:
        time.sleep(0.01)
