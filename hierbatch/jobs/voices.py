"""Getting a run's voices ready: who may be heard, and what of their recordings is kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from hierbatch.audio.files import read_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError, PromptError
from hierbatch.manifest.store import write_table
from hierbatch.manifest.voices import VoiceRow, check_consent, read_voices, voice_of_file
from hierbatch.stages.prompts import Prompt, prepare_prompt
from hierbatch.stages.voices import SHELF_SCHEMA

PreparedVoices = dict[str, tuple[VoiceRow, Prompt]]

CheckPrompt = Callable[[Waveform], Any]
"""Raises PromptError where a model cannot use a prompt, as its `encode_voice` and its outline's `check_prompt` do."""


def take_any_prompt(prompt: Waveform) -> None:
    """Stands for a model that could not be loaded: what can be said of prompts without one is said all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceChoice:
    """Where a run's voices come from: one recording that speaks everything, or a table of many."""

    file: Path | None = None
    table: Path | None = None
    default: str | None = None
    """Voice of rows that name none; needed where the table has several."""
    consent: str = "self"
    """Consent of the owner of `file`."""
    allow_unknown_consent: bool = False
    denoise_ratio: float | None = None
    """How much of every prompt is taken with its noise turned down: 0 nothing, 1 all; None leaves it to the model."""


def list_voices(choice: VoiceChoice) -> tuple[VoiceRow, ...]:
    """The voices a run may use, not heard yet.

    Raises:
        InputError: none or two sources, an unreadable table, or a default that is not in it.
    """
    if (choice.file is None) == (choice.table is None):
        raise InputError("The voice is not clear", wanted="either --voice FILE or --voices TABLE")
    voices = (voice_of_file(choice.file, choice.consent),) if choice.file else read_voices(_path(choice.table))
    if choice.default is not None and choice.default not in {row.voice for row in voices}:
        names = ", ".join(row.voice for row in voices[:10])
        raise InputError("The default voice is not in the table", wanted=names, got=choice.default)
    return voices


def default_voice(choice: VoiceChoice, voices: Collection[VoiceRow]) -> str | None:
    """Voice of rows that name none: the chosen one, or the only one."""
    if choice.default is None and len(voices) == 1:
        return next(iter(voices)).voice
    return choice.default


def prepare_voices(
    voices: Iterable[VoiceRow],
    check_prompt: CheckPrompt,
    *,
    allow_unknown: bool,
    denoise_ratio: float | None = None,
    denoised_by_model: bool = False,
) -> PreparedVoices:
    """Check and cut every prompt, by the model's own measure too: what is refused here costs no worker's time.

    Raises:
        InputError: a consent is unknown, or prompts cannot be used; all of them in one error.
        ProgramError: noise is to be taken out, and what does it is not installed.
    """
    prepared, problems = sift_voices(
        voices,
        check_prompt,
        allow_unknown=allow_unknown,
        denoise_ratio=denoise_ratio,
        denoised_by_model=denoised_by_model,
    )
    refuse_voices(list(problems.values()))
    return prepared


def sift_voices(
    voices: Iterable[VoiceRow],
    check_prompt: CheckPrompt,
    *,
    allow_unknown: bool,
    denoise_ratio: float | None = None,
    denoised_by_model: bool = False,
) -> tuple[PreparedVoices, dict[str, PromptError]]:
    """The voices that can be used, and what is wrong with the others.

    `denoised_by_model` leaves the noise of a prompt to a model that has a denoiser of its own.

    Raises:
        InputError: a consent is unknown.
        ProgramError: noise is to be taken out, and what does it is not installed.
    """
    voices = list(voices)
    check_consent(voices, allow_unknown=allow_unknown)
    prepared: PreparedVoices = {}
    problems: dict[str, PromptError] = {}
    for row in voices:
        try:
            by_hand = 0.0 if denoised_by_model else denoise_ratio or 0.0
            prompt = prepare_prompt(row.read_prompt(), row.voice, denoise_ratio=by_hand)
            if denoised_by_model and denoise_ratio is not None:
                prompt = prompt.heard_at(denoise_ratio)
            check_prompt(read_sound(prompt.flac))
            prepared[row.voice] = (row, prompt)
        except PromptError as error:
            problems[row.voice] = error
    return prepared, problems


def refuse_voices(problems: Sequence[PromptError]) -> None:
    """One error for all that is wrong with a run's voices, where anything is."""
    if len(problems) == 1:
        raise InputError(problems[0].what, wanted=problems[0].wanted, got=problems[0].got, mend=problems[0].mend)
    if problems:
        raise InputError(f"{len(problems)} voices cannot be used", got=" ".join(str(error) for error in problems))


def write_shelf(prepared: PreparedVoices, target: Path) -> None:
    """The run's own voices table, so that a run goes on when the recordings have moved."""
    rows: list[dict[str, Any]] = [
        {
            "voice": name,
            "audio": {"bytes": prompt.flac, "path": f"{name}.flac"},
            "lang": row.lang,
            "speaker": row.speaker,
            "consent": row.consent,
            "consent_ref": row.consent_ref,
            "license": row.license,
            "notes": row.notes,
            "voice_sha256": prompt.sha256,
            "denoise_ratio": prompt.denoise_ratio,
        }
        for name, (row, prompt) in prepared.items()
    ]
    write_table([pa.Table.from_pylist(rows, schema=SHELF_SCHEMA)], SHELF_SCHEMA, target)


def _path(path: Path | None) -> Path:
    assert path is not None  # one of the two was given
    return path
