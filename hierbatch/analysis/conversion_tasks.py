"""Who becomes whom in an evaluation: held-out recordings, each converted to another held-out person's voice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hierbatch.analysis.evaluation_set import Clip, EvaluationSet, VoicePair
from hierbatch.analysis.recordings import Recording

CONVERTED = "English conversions"
CONVERTED_AS_HEARD = "English conversions, words as heard in the source"

_LANGUAGE = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionTask:
    """One recording to convert to one voice; `text` is empty where nobody wrote down what is said."""

    source: Recording
    speaker: str
    language: str
    text: str
    voice: VoicePair


def plan_conversions(
    chosen: EvaluationSet, recordings: Mapping[Clip, Recording], limit: int | None = None
) -> dict[str, list[ConversionTask]]:
    """The recordings with transcripts of a set, or where it has none, its speakers' reference clips.

    Target voices take turns and are never the speaker's own. Without a transcript the words are those that the
    recogniser hears in the source: that tells what a conversion loses, and not how well the recogniser hears.
    """
    voices = chosen.voices_in(_LANGUAGE)
    reread = [entry for entry in chosen.rereadings if recordings[entry.clip].text]
    if reread:
        group, spoken = CONVERTED, [(entry.speaker, entry.clip) for entry in reread]
    else:
        group, spoken = CONVERTED_AS_HEARD, [(voice.speaker, voice.reference) for voice in voices]
    english = {voice.speaker for voice in voices}
    tasks = [
        ConversionTask(
            source=recordings[clip],
            speaker=speaker,
            language=_LANGUAGE,
            text=recordings[clip].text,
            voice=_target(voices, speaker, number),
        )
        for number, (speaker, clip) in enumerate(spoken)
        if speaker in english
    ]
    return {group: tasks[:limit]} if tasks else {}


def _target(voices: Sequence[VoicePair], speaker: str, turn: int) -> VoicePair:
    others = [voice for voice in voices if voice.speaker != speaker]
    # A step that shares no factor with usual numbers of voices: neighbours in the list do not always pair up.
    return others[(7 * turn + 3) % len(others)]
