"""People behind the voices of a table.

Voices whose speaker names differ only in spelling, and voices with the same recording, belong to one speaker.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hierbatch.errors import PromptError
from hierbatch.manifest.voices.voices import VoiceRow
from hierbatch.names import clean_name, group_spellings, name_key

_MAX_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class UnifiedVoices:
    """Voices, with the same `speaker` for all voices of a person, and messages about names that were joined."""

    voices: tuple[VoiceRow, ...]
    notices: tuple[str, ...]


def speaker_of(voice: VoiceRow) -> str:
    """Speaker of a voice, or its name if the speaker is not set."""
    return voice.speaker or voice.voice


def unify_speakers(voices: Sequence[VoiceRow]) -> UnifiedVoices:
    """Give all voices of one person the same `speaker`: the first of their names in the table.

    Voices belong to one person if their speakers differ only in case, spaces or normalization form, or if their
    recordings have the same content. Voices without a readable recording are compared by name only.
    """
    by_name: dict[str, int] = {}
    by_recording: dict[str, int] = {}
    people = list(range(len(voices)))
    for number, voice in enumerate(voices):
        _join(people, number, by_name.setdefault(name_key(speaker_of(voice)), number))
        if recording := _recording_sha256(voice):
            _join(people, number, by_recording.setdefault(recording, number))
    members: defaultdict[int, list[VoiceRow]] = defaultdict(list)
    for number, voice in enumerate(voices):
        members[_first(people, number)].append(voice)
    names = {first: clean_name(speaker_of(group[0])) for first, group in members.items()}
    unified = tuple(replace(voice, speaker=names[_first(people, n)]) for n, voice in enumerate(voices))
    return UnifiedVoices(voices=unified, notices=tuple(_notices(members.values())))


def spelling_notices(voices: Iterable[VoiceRow]) -> tuple[str, ...]:
    """Messages about voice names that differ only in case, which some file systems and programs do not distinguish."""
    return tuple(f"Voices {', '.join(names)} differ only in case" for names in group_spellings(v.voice for v in voices))


def _notices(people: Iterable[Sequence[VoiceRow]]) -> Iterable[str]:
    groups = [list(dict.fromkeys(speaker_of(voice) for voice in voices)) for voices in people]
    joined = [names for names in groups if len(names) > 1]
    for names in joined[:_MAX_SHOWN]:
        yield f"Speakers {', '.join(map(repr, names))} count as one person, by the spelling or by the same recording"
    if len(joined) > _MAX_SHOWN:
        yield f"{len(joined) - _MAX_SHOWN} more people have several names"


def _recording_sha256(voice: VoiceRow) -> str | None:
    try:
        return hashlib.sha256(voice.read_prompt()).hexdigest()
    except PromptError:
        return None  # reported when the prompt is prepared


def _join(people: list[int], first: int, second: int) -> None:
    low, high = sorted((_first(people, first), _first(people, second)))
    people[high] = low


def _first(people: list[int], number: int) -> int:
    while people[number] != number:
        people[number] = number = people[people[number]]
    return number
