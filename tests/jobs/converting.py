"""Runs that convert, with a model that only pretends to."""

from dataclasses import replace

from hierbatch.engine.session import Workforce
from hierbatch.jobs.run import RunJob
from hierbatch.jobs.specs.convert import ConvertOrder
from hierbatch.jobs.specs.voices import VoiceChoice
from hierbatch.manifest.takes import Takes
from tests.engine.fake_model import FACTORY
from tests.engine.planned_run import bundle_folder
from tests.making import prompt_file

LOCAL = Workforce(engine="local")


def job(folder, **changes) -> RunJob:
    order = ConvertOrder(
        manifest=folder / "m.csv",
        voices=VoiceChoice(file=prompt_file(folder)),
        bundle=str(bundle_folder(folder)),
        model_factory=FACTORY,
    )
    return RunJob(order=replace(order, **changes), out=folder / "run", workforce=LOCAL, retakes=0)


def three_recordings(folder):
    rates = (16_000, 44_100, 8_000)
    return [prompt_file(folder, 0.5 + i, rate_hz=rate, name=f"s{i}.wav") for i, rate in enumerate(rates)]


def sounds(run_folder):
    takes = Takes(run_folder)
    return takes.sounds(takes.ids)
