"""A corpus job, with a model that only pretends to speak."""

from hierbatch.engine.session import Execution
from hierbatch.jobs.corpus import CorpusJob
from hierbatch.jobs.specs.voices import VoiceChoice
from hierbatch.stages.score_takes import Measures
from tests.engine.fake_model import FACTORY
from tests.making import prompt_file

WORDS = ("night", "train", "river", "stone", "garden", "window", "summer", "letter")


def corpus_job(folder, n_voices=3, hours=0.008, **changes):
    (folder / "bundle").mkdir(exist_ok=True)
    lines = ["voice,audio,language,speaker,consent"]
    for number in range(n_voices):
        prompt_file(folder, name=f"v{number}.wav", gain=0.1 * (number + 1))
        lines.append(f"v{number},v{number}.wav,en,s{number},licensed")
    (folder / "voices.csv").write_text("\n".join(lines) + "\n")
    texts = [f"The {one} is near the {other}." for one in WORDS for other in WORDS if one != other]
    (folder / "texts.csv").write_text("text\n" + "\n".join(texts) + "\n")
    job = {
        "texts": (folder / "texts.csv",),
        "voices": VoiceChoice(table=folder / "voices.csv"),
        "hours": hours,
        "out": folder / "run",
        "bundle": str(folder / "bundle"),
        "model_factory": FACTORY,
        "execution": Execution(engine="local"),
        "measures": Measures(),
    }
    return CorpusJob(**(job | changes))
