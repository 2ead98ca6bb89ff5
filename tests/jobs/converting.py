"""Runs that convert, with a model that only pretends to."""

from hierbatch.engine.execution import Execution
from hierbatch.jobs.options.quality import MeasureChoice
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.run import RunJob
from hierbatch.jobs.specs.convert import ConvertSpec
from hierbatch.manifest.takes.takes import Takes
from hierbatch.models.catalog.model_choice import ModelChoice
from tests.changing import change
from tests.engine.planned_run import bundle_folder
from tests.making import prompt_file

LOCAL = Execution(engine="local")


def job(folder, **changes) -> RunJob:
    order = ConvertSpec(
        manifest=folder / "m.csv",
        voices=VoiceChoice(voice=prompt_file(folder)),
        model=ModelChoice(model=bundle_folder(folder)),
    )
    return RunJob(spec=change(order, **changes), out=folder / "run", execution=LOCAL, quality=MeasureChoice())


def three_recordings(folder):
    rates = (16_000, 44_100, 8_000)
    return [prompt_file(folder, 0.5 + i, rate_hz=rate, name=f"s{i}.wav") for i, rate in enumerate(rates)]


def sounds(run_folder):
    takes = Takes(run_folder)
    return takes.sounds(takes.ids)
