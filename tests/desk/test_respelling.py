import pytest

from hierbatch.desk.respelling import respelled_phonemes
from hierbatch.engine.run_folder import RunFolder
from hierbatch.errors import InputError
from hierbatch.jobs.run import run
from tests.jobs.running import text_job


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = text_job(tmp_path_factory.mktemp("respelled"))
    run(made)
    return RunFolder(made.out)


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
