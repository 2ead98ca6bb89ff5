"""Runs that convert, with a model that only pretends to."""

from dataclasses import replace

from hierbatch.engine.session import Execution
from hierbatch.jobs.run import RunJob
from hierbatch.jobs.specs.convert import ConvertSpec
from hierbatch.jobs.specs.voices import VoiceChoice
from hierbatch.manifest.takes import Takes
from tests.engine.fake_model import FACTORY
from tests.engine.planned_run import bundle_folder
from tests.making import prompt_file

LOCAL = Execution(engine="local")


def job(folder, **changes) -> RunJob:
    order = ConvertSpec(
        manifest=folder / "m.csv",
        voices=VoiceChoice(file=prompt_file(folder)),
        bundle=str(bundle_folder(folder)),
        model_factory=FACTORY,
    )
    return RunJob(spec=replace(order, **changes), out=folder / "run", execution=LOCAL, max_retakes=0)


def three_recordings(folder):
    rates = (16_000, 44_100, 8_000)
    return [prompt_file(folder, 0.5 + i, rate_hz=rate, name=f"s{i}.wav") for i, rate in enumerate(rates)]


def sounds(run_folder):
    takes = Takes(run_folder)
    return takes.sounds(takes.ids)
