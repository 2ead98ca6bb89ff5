"""One person behind several names, by spelling or by recording."""

import csv
import os
import unicodedata
from pathlib import Path

import pytest

from hierbatch.manifest.corpora.splits import split_speakers
from hierbatch.manifest.voices.speakers import spelling_notices, unify_speakers
from hierbatch.manifest.voices.voices import VoiceRow

SHARED = Path(os.environ.get("HIERBATCH_SHARED", Path(__file__).resolve().parents[4] / "shared"))
SPELLINGS = SHARED / "cases" / "audio" / "files" / "voices_speaker_spellings.csv"


def voice(name, speaker=None, content=None):
    return VoiceRow(voice=name, speaker=speaker, content=content)


def test_spellings_and_recordings_join_people():
    voices = [
        voice("a", "김민수", b"1"),
        voice("b", unicodedata.normalize("NFD", "김민수"), b"2"),
        voice("c", " 김민수 ", b"3"),
        voice("d", "Park", b"4"),
        voice("e", "park", b"5"),
        voice("f", "Lee", b"6"),
        voice("g", "Somebody", b"4"),  # the recording of Park
        voice("h", None, None),  # without a recording: by its own name
    ]
    unified = unify_speakers(voices)
    assert [v.speaker for v in unified.voices] == ["김민수"] * 3 + ["Park", "Park", "Lee", "Park", "h"]
    assert len(unified.notices) == 2
    assert "'Park', 'park', 'Somebody'" in unified.notices[1]
    assert [v.voice for v in unified.voices] == [v.voice for v in voices]


def test_a_chain_of_names_and_recordings_is_one_person():
    voices = [voice("a", "X", b"1"), voice("b", "Y", b"2"), voice("c", "Z", b"2"), voice("d", "x", b"2")]
    assert {v.speaker for v in unify_speakers(voices).voices} == {"X"}


def test_different_people_stay_separate_without_a_notice():
    unified = unify_speakers([voice("a", "X", b"1"), voice("b", "Y", b"2"), voice("c", None, b"3")])
    assert [v.speaker for v in unified.voices] == ["X", "Y", "c"]
    assert unified.notices == ()


def test_voices_that_differ_only_in_case_are_reported():
    assert spelling_notices([voice("Anna"), voice("ben"), voice("anna")]) == ("Voices Anna, anna differ only in case",)


@pytest.mark.shared
@pytest.mark.skipif(not SPELLINGS.is_file(), reason=f"no {SPELLINGS}")
def test_the_spellings_of_a_shared_table_give_disjoint_splits():
    rows = list(csv.DictReader(SPELLINGS.read_text(encoding="utf-8").splitlines()))
    unified = unify_speakers([voice(row["voice"], row["speaker"], row["audio"].encode()) for row in rows])
    splits = split_speakers({v.speaker: "en" for v in unified.voices}, {"train": 0.6, "dev": 0.2, "test": 0.2}, 0)
    people = {}
    for row, unified_voice in zip(rows, unified.voices, strict=True):
        key = unicodedata.normalize("NFC", row["speaker"] or row["voice"]).strip().casefold()
        people.setdefault(key, set()).add(splits[unified_voice.speaker])
        people.setdefault(Path(row["audio"]).name, set()).add(splits[unified_voice.speaker])
    assert all(len(found) == 1 for found in people.values())
