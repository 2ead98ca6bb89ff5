import re

import pytest

from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.training.splits import held_out_speakers, split_of
from tools.evaluation.evaluation_set import SET_NAMES, load_set

SETS = {name: load_set(name) for name in SET_NAMES}


@pytest.mark.parametrize("name", SET_NAMES)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_each_language_has_sentences_of_every_category(name, language):
    sentences = SETS[name].sentences_in(language)
    assert len(sentences) == (24 if name == "audit" else 40)
    assert {sentence.category for sentence in sentences} == {"prose", "dialogue", "question", "number"}
    for sentence in sentences:
        length = len(sentence.text.split()) if language == "en" else len(sentence.text)
        low, high = (6, 18) if language == "en" else (15, 45)
        assert low <= length <= high, sentence


def test_no_sentence_is_in_two_sets():
    sentences = [sentence for chosen in SETS.values() for sentence in chosen.sentences]
    assert (
        len({sentence.text for sentence in sentences})
        == len({sentence.id for sentence in sentences})
        == 2 * (40 + 40 + 24)
    )


def test_digits_and_only_digits_have_a_spoken_form():
    for sentence in (sentence for chosen in SETS.values() for sentence in chosen.sentences):
        has_digits = bool(re.search(r"\d", sentence.text))
        assert has_digits == (sentence.spoken != sentence.text), sentence
        assert not re.search(r"\d", sentence.spoken), sentence
        assert has_digits == (sentence.category == "number"), sentence


def test_the_front_end_can_say_the_hardest_sentences():
    front_end = SpeechFrontEnd()
    for sentence in (sentence for chosen in SETS.values() for sentence in chosen.sentences):
        if sentence.category == "number":
            said = front_end.phonemize(sentence.text, sentence.language)
            assert len(said.text_norm.split()) >= len(sentence.text.split()), sentence


@pytest.mark.parametrize("name", SET_NAMES)
def test_every_held_out_speaker_of_the_set_speaks_and_no_one_else(name):
    speakers = {voice.speaker for voice in SETS[name].voices}
    split = "evaluation" if name == "audit" else name
    assert speakers == {speaker for speaker, own in held_out_speakers().items() if own == split}
    assert {split_of(entry.speaker) for entry in SETS[name].transcribed_clips} <= {split}


def test_the_audit_uses_no_clip_of_another_set():
    others = {clip.row for name in ("development", "evaluation") for clip in SETS[name].clips()}
    assert not others & {clip.row for clip in SETS["audit"].clips()}


@pytest.mark.parametrize("name", SET_NAMES)
def test_no_clip_is_used_for_two_things(name):
    chosen = SETS[name]
    parts = [(clip.row, clip.start_s) for clip in chosen.clips()]
    assert len(parts) == len(set(parts))
    for voice in chosen.voices:
        if voice.prompt.row == voice.reference.row:
            assert voice.prompt.end_s is not None
            assert voice.prompt.end_s <= voice.reference.start_s
