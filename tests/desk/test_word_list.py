"""Words to check: listed, corrected in place, and spoken again in exactly the rows that hold them."""

import pytest

from hierbatch.desk.desk import Desk
from hierbatch.desk.respeak_thread import RespeakThread
from hierbatch.desk.run_view import RunView
from hierbatch.desk.writer import Writer
from hierbatch.errors import InputError
from hierbatch.frontend.lexicon import Lexicon
from hierbatch.jobs.run import run
from hierbatch.manifest.takes.takes import Takes
from hierbatch.models.catalog.model_choice import DeviceChoice
from tests.desk.waiting import wait_for
from tests.jobs.running import job

TEXTS = ["The cat saw Hermione today.", "Nobody came.", "It was Hermione again.", "We met Nguyen and the cat."]


@pytest.fixture
def desk(tmp_path):
    made = job(tmp_path, len(TEXTS), texts=TEXTS)
    run(made)
    respeak = RespeakThread(made.out, DeviceChoice())
    desk = Desk(RunView(made.out), Writer(made.out / "desk.lock", is_wanted=True), respeak)
    yield desk
    desk.close()


def listed(desk):
    return {word["word"]: word for word in desk.word_list()["words"]}


def phonemes(folder):
    takes = Takes(folder / "run")
    return {row["id"]: row["phonemes"] for row in takes.table(["id", "phonemes"]).to_pylist()}


def test_words_are_listed_with_their_counts_and_first_rows(desk):
    words = listed(desk)
    assert (words["Hermione"]["count"], words["Hermione"]["row"], words["Hermione"]["reason"]) == (2, "r000", "name")
    assert words["Nguyen"]["sentence"] == TEXTS[3]
    assert words["Hermione"]["phonemes"]


def test_a_correction_speaks_exactly_the_rows_that_hold_the_word(desk, tmp_path):
    before = phonemes(tmp_path)
    answer = desk.correct_word({"word": "Hermione", "language": "en", "pronunciation": "her-MY-oh-nee"})
    assert answer["n_requested"] == 2
    wait_for(lambda: listed(desk)["Hermione"]["n_spoken"] == 2)
    after = phonemes(tmp_path)
    assert {row for row in after if after[row] != before[row]} == {"r000", "r002"}
    assert desk.row("r000")["verdict"] == "pin"
    [entry] = Lexicon.read(tmp_path / "run" / "lexicon.csv").entries
    assert (entry.word, entry.pronunciation) == ("Hermione", "her-MY-oh-nee")
    assert "ˈaɪ" in listed(desk)["Hermione"]["phonemes"]


def test_a_correction_is_taken_back_by_an_empty_one(desk, tmp_path):
    before = phonemes(tmp_path)
    desk.correct_word({"word": "Nguyen", "language": "en", "pronunciation": "/wɪn/"})
    wait_for(lambda: phonemes(tmp_path)["r003"] != before["r003"])
    desk.correct_word({"word": "Nguyen", "language": "en", "pronunciation": ""})
    wait_for(lambda: phonemes(tmp_path) == before)
    assert listed(desk)["Nguyen"]["pronunciation"] == ""


def test_phonemes_that_a_listener_wrote_stay(desk):
    desk.speak({"id": "r002", "edit": {"phonemes": "ɪ t | w ə z ."}})
    wait_for(lambda: len(desk.row("r002")["takes"]) == 2)
    desk.decide({"id": "r002", "take": desk.row("r002")["takes"][1]["name"], "verdict": "pin"})
    assert desk.correct_word({"word": "Hermione", "language": "en", "pronunciation": "her-MY-nee"})["n_requested"] == 1


@pytest.mark.parametrize("pronunciation", ["/ʘʘ/", "?!", 7, "x" * 200])
def test_a_pronunciation_that_cannot_be_spoken_changes_nothing(desk, tmp_path, pronunciation):
    with pytest.raises(InputError):
        desk.correct_word({"word": "Hermione", "language": "en", "pronunciation": pronunciation})
    assert not (tmp_path / "run" / "lexicon.csv").exists()
