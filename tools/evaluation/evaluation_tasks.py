"""Speech tasks of an evaluation, grouped by the columns of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

from tools.evaluation.evaluation_set import Clip, EvaluationSet, Sentence, VoicePair
from tools.evaluation.recordings import Recording

ENGLISH, KOREAN, KOREAN_ACROSS = "English", "Korean, Korean voices", "Korean, English voices"
REREADING = "English, texts of the recordings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One text to synthesise in one voice; `recording` if the same speaker recorded the same text."""

    language: str
    text: str
    readings: tuple[str, ...]
    voice: VoicePair
    recording: Recording | None = None


def plan_tasks(
    chosen: EvaluationSet, recordings: Mapping[Clip, Recording], limit: int | None = None
) -> dict[str, list[Task]]:
    """Tasks by group title.

    Voices rotate over the sentences, so that each gets about the same number.

    Args:
        chosen: Evaluation set.
        recordings: Recording of each clip of the set.
        limit: Largest number of tasks per group; None for all.
    """
    by_speaker = {voice.speaker: voice for voice in chosen.voices}
    transcribed = [
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
        ENGLISH: _rotate_voices(chosen.sentences_in("en"), chosen.voices_in("en")),
        KOREAN: _rotate_voices(chosen.sentences_in("ko"), chosen.voices_in("ko")),
        KOREAN_ACROSS: _rotate_voices(chosen.sentences_in("ko"), chosen.voices_in("en")),
        REREADING: transcribed,
    }
    return {group: tasks[:limit] for group, tasks in groups.items() if tasks}


def _rotate_voices(sentences: Sequence[Sentence], voices: Sequence[VoicePair]) -> list[Task]:
    """One task per sentence, voices in rotation."""
    return [
        Task(
            language=sentence.language,
            text=sentence.text,
            readings=sentence.readings,
            voice=voice,
        )
        for sentence, voice in zip(sentences, cycle(voices), strict=False)
    ]
