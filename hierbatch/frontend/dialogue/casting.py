"""Casting of main characters, so that those who talk to each other have different voices where possible."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hierbatch.frontend.dialogue.character import Character

_MIN_LINES = 3
_MIN_SHARE = 0.01
"""Minimum share of all lines for a main character."""
_MALE_BELOW_HZ = 160.0
_WRONG_REGISTER = 30.0
"""Penalty in semitones for a voice of the other register; a man's voice for a woman is worse than a shared one."""
_HIGHER_OR_LOWER = 0.3
"""Penalty for each semitone above the lowest voice for men, and below the highest one for women."""
_ENOUGH_SEMITONES = 8.0
_SHARED_VOICE = 24.0
"""Penalty in semitones for a voice that somebody in the same conversations already has."""
_NARRATOR_VOICE = 10.0
"""Penalty in semitones for the voice of the narration, which main characters share only if there are few voices."""
_N_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class VoiceRegister:
    """Available voice: its name, and the median F0 of its prompt in Hz."""

    name: str
    median_f0_hz: float


def cast_voices(
    characters: Sequence[Character],
    n_lines: Mapping[int, int],
    together: Mapping[tuple[int, int], int],
    voices: Sequence[VoiceRegister],
    narrator: str,
) -> dict[int, str]:
    """Name of the voice for each character with lines, by index; minor characters get the narrator's voice.

    Args:
        characters: characters of the book.
        n_lines: for each character (by index), the number of quotations.
        together: for each pair of characters (smaller index first), how often one directly answers the other.
        voices: voices to choose from, including the narrator's.
        narrator: name of the narrator's voice.
    """
    total = sum(n_lines.values())
    order = sorted(n_lines, key=lambda index: (-n_lines[index], index))
    main = [index for index in order if n_lines[index] >= max(_MIN_LINES, _MIN_SHARE * total)]
    cast = dict.fromkeys(order, narrator)
    if not any(voice.name != narrator for voice in voices):
        return cast
    registers = {voice.name: voice.median_f0_hz for voice in voices}
    assigned: dict[int, str] = {}
    for _ in range(_N_ROUNDS):  # the first choices did not know the later ones
        before = dict(assigned)
        for index in main:
            neighbours: defaultdict[str, int] = defaultdict(int)
            for other, voice in assigned.items():
                if other != index:
                    neighbours[voice] += together.get((min(index, other), max(index, other)), 0)
            assigned[index] = min(
                voices,
                key=lambda voice: (
                    _cost(voice, characters[index], neighbours, registers) + _NARRATOR_VOICE * (voice.name == narrator)
                ),
            ).name
        if assigned == before:
            break
    return cast | assigned


def _cost(
    voice: VoiceRegister, character: Character, neighbours: Mapping[str, int], registers: Mapping[str, float]
) -> float:
    """Penalty of a voice in semitones: wrong register, and nearness to the voices of conversation partners."""
    is_low = voice.median_f0_hz < _MALE_BELOW_HZ
    cost = _WRONG_REGISTER if character.gender and is_low != (character.gender == "m") else 0.0
    if character.gender:
        best = min(registers.values()) if character.gender == "m" else max(registers.values())
        cost += _HIGHER_OR_LOWER * abs(12 * math.log2(voice.median_f0_hz / best))
    n = sum(neighbours.values())
    for other, count in neighbours.items():
        if not count:
            continue
        distance = abs(12 * math.log2(voice.median_f0_hz / registers[other]))
        alike = _SHARED_VOICE if other == voice.name else max(0.0, _ENOUGH_SEMITONES - distance)
        cost += alike * count / n
    return cost
