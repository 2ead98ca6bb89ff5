"""OpenUtau projects (.ustx): the first voice part, whose YAML lists notes in ticks with a tone and a lyric."""

from __future__ import annotations

from typing import Any

from hierbatch.errors import TextError
from hierbatch.frontend.scores.score import HOLD, MAX_NOTES, NEXT_SYLLABLE, MusicScore, Note

_TICKS_PER_BEAT = 480
_DEFAULT_BPM = 120.0
_HOLDS = frozenset({"-", "_", "+~", "+*", "ー"})
_MAX_BYTES = 4 << 20
_MAX_TOKENS, _MAX_DEPTH = 1_500_000, 32
_BREATHS = frozenset({"AP", "SP", "R", "br", "breath"})


def read_openutau(content: bytes) -> MusicScore:
    """Read an OpenUtau project with one tempo.

    Raises:
        TextError: the file is damaged, or its notes cannot be sung.
    """
    try:
        project = _load(content)
        voice_part = next(voice_part for voice_part in project["voice_parts"] if voice_part.get("notes"))
        tempos = project.get("tempos") or [{"bpm": project.get("bpm", _DEFAULT_BPM)}]
        if len(tempos) > 1:
            raise ValueError("several tempos")
        per_tick_s = 60.0 / float(tempos[0]["bpm"]) / _TICKS_PER_BEAT
        offset = float(voice_part.get("position", 0))
        notes = [
            Note(
                (offset + float(note["position"])) * per_tick_s,
                float(note["duration"]) * per_tick_s,
                float(note["tone"]),
                _lyric(str(note["lyric"] or "")),
            )
            for note in voice_part["notes"][: MAX_NOTES + 1]
            if str(note["lyric"]) not in _BREATHS
        ]
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration, ArithmeticError) as error:
        raise TextError(
            "The OpenUtau project cannot be read", expected="a .ustx file with one tempo and one voice part",
            got=f"{type(error).__name__}: {error}"[:80], fix="export the part as MusicXML or MIDI with lyrics",
        ) from error  # fmt: skip
    return MusicScore.from_notes(notes)


def _load(content: bytes) -> Any:
    import yaml

    if len(content) > _MAX_BYTES:
        raise ValueError(f"more than {_MAX_BYTES >> 20} MiB")
    try:
        _check_size(yaml, content)
        return yaml.load(content, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(" ".join(str(error).split())) from error


def _check_size(yaml: Any, content: bytes) -> None:
    """Refuse too many tokens, deep nesting (parsed in quadratic time), and aliases (which can expand without limit).

    Raises:
        ValueError: the file has too many tokens or levels, or an alias.
    """
    starts = (
        yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken, yaml.BlockSequenceStartToken,
        yaml.BlockMappingStartToken,
    )  # fmt: skip
    ends = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken)
    depth = 0
    for number, token in enumerate(yaml.scan(content, Loader=yaml.CSafeLoader)):
        if isinstance(token, starts):
            depth += 1
        elif isinstance(token, ends):
            depth -= 1
        elif isinstance(token, yaml.AliasToken):  # OpenUtau writes none
            raise ValueError("the file has aliases")
        if depth > _MAX_DEPTH or number > _MAX_TOKENS:
            raise ValueError(f"more than {_MAX_TOKENS:,} tokens or {_MAX_DEPTH} levels")


def _lyric(text: str) -> str:
    plain = text.split("[")[0].strip()  # phonetic hints follow in brackets
    if plain in _HOLDS or not plain:
        return HOLD
    return NEXT_SYLLABLE if plain.startswith(NEXT_SYLLABLE) else plain
