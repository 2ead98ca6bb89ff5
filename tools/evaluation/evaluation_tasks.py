"""Speech tasks of an evaluation, grouped by the columns of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

from tools.evaluation.evaluation_set import ClipSource, EvaluationSentence, EvaluationSet, VoicePair
from tools.evaluation.reference_recordings import ReferenceRecording

ENGLISH, KOREAN, KOREAN_CROSS_LINGUAL = "English", "Korean, Korean voices", "Korean, English voices"
RECORDED_TEXTS = "English, texts of the recordings"
OTHER_MICROPHONES = "English, other microphones"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechTask:
    """One text to synthesize in one voice; `recording` is the speaker's own recording of the text, if there is one."""

    language: str
    text: str
    readings: tuple[str, ...]
    voice: VoicePair
    recording: ReferenceRecording | None = None


def plan_tasks(
    chosen: EvaluationSet, recordings: Mapping[ClipSource, ReferenceRecording], limit: int | None = None
) -> dict[str, list[SpeechTask]]:
    """Plan the tasks of each group, by group title; a group without tasks is left out.

    Voices rotate over the sentences, so that each voice gets about the same number.

    Args:
        chosen: evaluation set.
        recordings: recording of each clip of the set.
        limit: largest number of tasks per group; None for all.
    """
    by_speaker = {voice.speaker: voice for voice in chosen.voices}
    transcribed = [
        SpeechTask(
            language=by_speaker[entry.speaker].language,
            text=recordings[entry.clip].text,
            readings=(recordings[entry.clip].text,),
            voice=by_speaker[entry.speaker],
            recording=recordings[entry.clip],
        )
        for entry in chosen.transcribed_clips
    ]
    groups = {
        ENGLISH: _rotate_voices(chosen.sentences_in("en"), chosen.voices_in("en")),
        KOREAN: _rotate_voices(chosen.sentences_in("ko"), chosen.voices_in("ko")),
        KOREAN_CROSS_LINGUAL: _rotate_voices(chosen.sentences_in("ko"), chosen.voices_in("en")),
        RECORDED_TEXTS: transcribed,
        OTHER_MICROPHONES: _rotate_voices(
            chosen.sentences_in("en")[: len(chosen.other_microphones)], chosen.other_microphones
        ),
    }
    return {group: tasks[:limit] for group, tasks in groups.items() if tasks}


def _rotate_voices(sentences: Sequence[EvaluationSentence], voices: Sequence[VoicePair]) -> list[SpeechTask]:
    """One task per sentence, with the voices in rotation."""
    return [
        SpeechTask(
            language=sentence.language,
            text=sentence.text,
            readings=sentence.readings,
            voice=voice,
        )
        for sentence, voice in zip(sentences, cycle(voices), strict=False)
    ]
