"""A corpus job, with a model that only pretends to speak."""

from hierbatch.engine.execution import Execution
from hierbatch.jobs.corpora.corpus import CorpusJob
from hierbatch.jobs.options.corpus import CorpusSettings
from hierbatch.jobs.options.quality import CorpusQuality
from hierbatch.jobs.options.voices import VoiceTable
from hierbatch.models.catalog.model_choice import ModelChoice
from tests.changing import change
from tests.engine.planned_run import bundle_folder
from tests.making import prompt_file

WORDS = ("night", "train", "river", "stone", "garden", "window", "summer", "letter")


def corpus_job(folder, n_voices=3, hours=0.008, **changes):
    lines = ["voice,audio,language,speaker,consent"]
    for number in range(n_voices):
        prompt_file(folder, name=f"v{number}.wav", gain=0.1 * (number + 1))
        lines.append(f"v{number},v{number}.wav,en,s{number},licensed")
    (folder / "voices.csv").write_text("\n".join(lines) + "\n")
    texts = [f"The {one} is near the {other}." for one in WORDS for other in WORDS if one != other]
    (folder / "texts.csv").write_text("text\n" + "\n".join(texts) + "\n")
    job = CorpusJob(
        texts=(folder / "texts.csv",),
        out=folder / "run",
        settings=CorpusSettings(hours=hours),
        voices=VoiceTable(voices=folder / "voices.csv"),
        model=ModelChoice(model=bundle_folder(folder)),
        execution=Execution(engine="local"),
        quality=CorpusQuality(measures="none"),
    )
    return change(job, **changes)
