import pytest

from hierbatch.desk.respelling import respelled_phonemes
from hierbatch.engine.run_folder import RunFolder
from hierbatch.errors import InputError
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.specs.speak import SpeakSpec
from hierbatch.models.catalog.model_choice import ModelChoice
from tests.engine.planned_run import bundle_folder
from tests.jobs.running import LOCAL
from tests.making import prompt_file


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("respelled")
    (folder / "m.csv").write_text("id,text,language\na,The road.,en\n")
    voices, model = VoiceChoice(voice=prompt_file(folder)), ModelChoice(model=bundle_folder(folder))
    spec = SpeakSpec(manifest=folder / "m.csv", voices=voices, model=model)
    run(RunJob(spec=spec, out=folder / "run", execution=LOCAL))
    return RunFolder(folder / "run")


def test_one_word_is_pronounced_as_it_is_respelled(folder):
    before = respelled_phonemes(folder, "en", text="The Cholmondeley road.", word="road", respelling="road")
    after = respelled_phonemes(folder, "en", text="The Cholmondeley road.", word="Cholmondeley", respelling="CHUM-lee")
    assert after.split(" | ")[1] == "tʃ ˈʌ m l i"
    assert [word for at, word in enumerate(before.split(" | ")) if at != 1] == [
        word for at, word in enumerate(after.split(" | ")) if at != 1
    ]


@pytest.mark.parametrize(("word", "text"), [("lamp", "The road."), ("road", "")])
def test_a_word_that_is_not_in_the_text_is_refused(folder, word, text):
    with pytest.raises(InputError, match="does not contain"):
        respelled_phonemes(folder, "en", text=text, word=word, respelling="x")
