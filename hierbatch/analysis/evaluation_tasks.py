"""Who says what in an evaluation: the groups of clips a table's columns stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

from hierbatch.analysis.evaluation_set import Clip, EvaluationSet, Sentence, VoicePair
from hierbatch.analysis.recordings import Recording

ENGLISH, KOREAN, KOREAN_ACROSS = "English", "Korean, Korean voices", "Korean, English voices"
REREADING = "English, texts of the recordings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One text to speak in one voice; `recording` where that person read the same text."""

    language: str
    text: str
    readings: tuple[str, ...]
    voice: VoicePair
    recording: Recording | None = None


def plan_tasks(
    chosen: EvaluationSet, recordings: Mapping[Clip, Recording], limit: int | None = None
) -> dict[str, list[Task]]:
    """The tasks of each group, its first `limit` only where that is given.

    Voices take turns over the sentences, so that each says about as much as any other.
    """
    by_speaker = {voice.speaker: voice for voice in chosen.voices}
    reread = [
        Task(
            language=by_speaker[entry.speaker].language,
            text=recordings[entry.clip].text,
            readings=(recordings[entry.clip].text,),
            voice=by_speaker[entry.speaker],
            recording=recordings[entry.clip],
        )
        for entry in chosen.rereadings
    ]
    groups = {
        ENGLISH: _in_turns(chosen.sentences_in("en"), chosen.voices_in("en")),
        KOREAN: _in_turns(chosen.sentences_in("ko"), chosen.voices_in("ko")),
        KOREAN_ACROSS: _in_turns(chosen.sentences_in("ko"), chosen.voices_in("en")),
        REREADING: reread,
    }
    return {group: tasks[:limit] for group, tasks in groups.items() if tasks}


def _in_turns(sentences: Sequence[Sentence], voices: Sequence[VoicePair]) -> list[Task]:
    return [
        Task(
            language=sentence.language,
            text=sentence.text,
            readings=sentence.readings,
            voice=voice,
        )
        for sentence, voice in zip(sentences, cycle(voices), strict=False)
    ]
