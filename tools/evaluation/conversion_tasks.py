"""Voice conversion tasks of an evaluation: held-out recordings, each converted to another held-out speaker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools.evaluation.evaluation_set import ClipSource, EvaluationSet, VoicePair
from tools.evaluation.reference_recordings import ReferenceRecording

CONVERTED = "English conversions"
CONVERTED_ASR_REFERENCE = "English conversions, against the ASR transcript of the source"

_LANGUAGE = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionTask:
    """One recording to convert to one voice; `text` is empty if the recording has no transcript."""

    source: ReferenceRecording
    speaker: str
    language: str
    text: str
    voice: VoicePair


def plan_conversions(
    chosen: EvaluationSet, recordings: Mapping[ClipSource, ReferenceRecording], limit: int | None = None
) -> dict[str, list[ConversionTask]]:
    """Conversion tasks for the transcribed recordings of a set or, if it has none, for its reference clips.

    Target voices rotate and are never the speaker's own. A task without a transcript is scored against the recognizer's
    transcript of the source; this measures the loss by conversion without the recognizer's own errors on the source.

    Args:
        chosen: evaluation set.
        recordings: recording of each clip of the set.
        limit: largest number of tasks; None for all.

    Returns:
        Tasks by group title; empty if there is nothing to convert.
    """
    voices = chosen.voices_in(_LANGUAGE)
    transcribed = [entry for entry in chosen.transcribed_clips if recordings[entry.clip].text]
    if transcribed:
        group, sources = CONVERTED, [(entry.speaker, entry.clip) for entry in transcribed]
    else:
        group, sources = CONVERTED_ASR_REFERENCE, [(voice.speaker, voice.reference) for voice in voices]
    english = {voice.speaker for voice in voices}
    tasks = [
        ConversionTask(
            source=recordings[clip],
            speaker=speaker,
            language=_LANGUAGE,
            text=recordings[clip].text,
            voice=_target(voices, speaker, number),
        )
        for number, (speaker, clip) in enumerate(sources)
        if speaker in english
    ]
    return {group: tasks[:limit]} if tasks else {}


def _target(voices: Sequence[VoicePair], speaker: str, turn: int) -> VoicePair:
    """Target voice of task number `turn`, never the speaker's own."""
    others = [voice for voice in voices if voice.speaker != speaker]
    # The step of 7 has no factor in common with usual numbers of voices, so that neighbours do not always pair up.
    return others[(7 * turn + 3) % len(others)]
