from collections import Counter, defaultdict

import pytest

from hierbatch.errors import InputError
from hierbatch.jobs.corpora.corpus_pairs import Spread, choose_speakers, pair_texts, voices_by_language
from hierbatch.jobs.corpora.corpus_texts import CorpusText, SecondsPerCharacter
from hierbatch.manifest.voices.voices import VoiceRow

PACE = SecondsPerCharacter({"en": 0.1, "ko": 0.2})
VOICES = [
    VoiceRow(voice="ann-1", speaker="ann", language="en"),
    VoiceRow(voice="ann-2", speaker="ann", language="en"),
    VoiceRow(voice="bob", language="en"),
    VoiceRow(voice="jun", language="ko"),
    VoiceRow(voice="sol", language="ko"),
    VoiceRow(voice="any"),
]


def texts(n_each=200):
    return [
        CorpusText(
            ref=f"{language}{i}", text=f"{language} {i:04d} " + "x" * (10 + i % 50), language=language, license=None
        )
        for language in ("en", "ko")
        for i in range(n_each)
    ]


def pairs(sound_s=1000.0, n_each=200, seed=0, voices=VOICES):
    speaking = voices_by_language(voices, ["en", "ko"], cross_lingual=False)
    return list(pair_texts(texts(n_each), speaking, PACE, sound_s=sound_s, spread=Spread(), seed=seed))


def seconds(some):
    return sum(PACE.estimate_s(pair.text) / pair.speed for pair in some)


def test_languages_speakers_and_a_speakers_recordings_get_the_same_share():
    made = pairs()
    assert seconds(made) == pytest.approx(1000, abs=20)
    by_speaker = defaultdict(list)
    for pair in made:
        by_speaker[pair.text.language, pair.speaker].append(pair)
    assert {language: seconds(p for p in made if p.text.language == language) for language in ("en", "ko")} == {
        "en": pytest.approx(500, abs=10),
        "ko": pytest.approx(500, abs=15),
    }
    for group in by_speaker.values():
        assert seconds(group) == pytest.approx(500 / 3, abs=10)
    counted = Counter(pair.voice for pair in by_speaker["en", "ann"])
    assert abs(counted["ann-1"] - counted["ann-2"]) <= 1
    assert {speaker for language, speaker in by_speaker if language == "ko"} == {"jun", "sol", "any"}


def test_a_text_is_repeated_only_after_all_texts_and_never_by_the_same_speaker():
    made = [pair for pair in pairs(sound_s=200, n_each=20) if pair.text.language == "en"]
    assert len({pair.text.ref for pair in made[:20]}) == 20
    assert len(made) > 20
    said = [(pair.speaker, pair.text.ref) for pair in made]
    assert len(set(said)) == len(said)


def test_deliveries_are_spread_over_the_whole_range():
    made = pairs(sound_s=2000)
    for name, (low, high) in {"speed": (0.9, 1.12), "pitch_semitones": (-1.5, 1.5), "prosody": (0.8, 1.25)}.items():
        values = sorted(getattr(pair, name) for pair in made)
        assert low <= values[0] < low + 0.1 * (high - low)
        assert high - 0.1 * (high - low) < values[-1] <= high


def test_the_plan_is_the_same_each_time_and_another_with_another_seed():
    assert pairs() == pairs()
    assert pairs() != pairs(seed=1)


def test_too_few_texts_are_reported_in_hours():
    with pytest.raises(InputError, match=r"20 texts in en are too few.*by each of 3 speakers"):
        pairs(sound_s=36_000, n_each=20)


def test_speakers_are_drawn_from_each_language_in_turn():
    chosen = {voice.voice for voice in choose_speakers(VOICES, 3, seed=0)}
    assert "any" in chosen
    assert len(chosen & {"jun", "sol"}) == 1
    assert choose_speakers(VOICES, None, seed=0) == VOICES


@pytest.mark.parametrize("n_speakers", [0, 2])
def test_one_voice_is_no_corpus_of_two_speakers(n_speakers):
    with pytest.raises(InputError, match=f"not {n_speakers} speakers"):
        choose_speakers(VOICES[:2], n_speakers, seed=0)


def test_a_language_without_a_voice_is_reported_with_a_fix():
    with pytest.raises(InputError, match=r"No voice speaks ko.*--cross-lingual"):
        voices_by_language(VOICES[:3], ["en", "ko"], cross_lingual=False)
    assert len(voices_by_language(VOICES[:3], ["en", "ko"], cross_lingual=True)["ko"]) == 3


@pytest.mark.parametrize("spread", [{"speed": (1.2, 0.9)}, {"speed": (0.1, 1.0)}, {"prosody": (float("nan"), 1.0)}])
def test_a_spread_out_of_range_is_refused(spread):
    with pytest.raises(InputError, match="out of range"):
        Spread(**spread)
