"""Preparation of the voices of a run: check of consent, then cleaning and trimming of the prompts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from hierbatch.audio.files import read_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError, PromptError
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.manifest.tables.parquet_writing import write_table
from hierbatch.manifest.voices.voices import VoiceRow, check_consent, read_voices, voice_from_file, voices_from_folder
from hierbatch.models.catalog.model_info import ModelInfo
from hierbatch.stages.prompts import Prompt, prepare_prompt
from hierbatch.stages.voices import VOICE_TABLE_SCHEMA

PreparedVoices = dict[str, tuple[VoiceRow, Prompt]]

CheckPrompt = Callable[[Waveform], Any]
"""Function that raises PromptError if a model cannot use a prompt, such as `SpeechModel.encode_voice`."""


def accept_any_prompt(prompt: Waveform) -> None:
    """Accept a prompt without a check; used if the model cannot be loaded, so that other errors are still reported."""


def list_voices(choice: VoiceChoice) -> tuple[VoiceRow, ...]:
    """List the voices of a run without reading their recordings.

    Raises:
        InputError: there is no voice, a name occurs twice, or the table is unreadable or lacks the default voice.
    """
    if choice.voice is None and choice.voices is None:
        raise InputError("There is no voice", expected="--voice FILE, --voices TABLE, or both", fix="pass one of them")
    own = (voice_from_file(choice.voice, choice.consent),) if choice.voice else ()
    voices = (*own, *_read_table(choice))
    if own and any(row.voice == own[0].voice for row in voices[1:]):
        raise InputError(
            "The voice of --voice has the name of a voice of the table",
            got=own[0].voice,
            fix="rename the file, or pass --default-voice instead of --voice",
        )
    if choice.default_voice is not None and choice.default_voice not in {row.voice for row in voices}:
        names = ", ".join(row.voice for row in voices[:10])
        raise InputError(
            "The default voice is not in the table",
            expected=names,
            got=choice.default_voice,
            fix="correct --default-voice",
        )
    return voices


def _read_table(choice: VoiceChoice) -> tuple[VoiceRow, ...]:
    if choice.voices is None:
        return ()
    return voices_from_folder(choice.voices, choice.consent) if choice.voices.is_dir() else read_voices(choice.voices)


def default_voice(choice: VoiceChoice, voices: Collection[VoiceRow]) -> str | None:
    """Voice of rows without a voice: the chosen default, the voice of `--voice`, or the only voice; otherwise None."""
    if choice.default_voice is None and choice.voice is not None:
        return next(iter(voices)).voice
    if choice.default_voice is None and len(voices) == 1:
        return next(iter(voices)).voice
    return choice.default_voice


def prepare_voices(
    voices: Iterable[VoiceRow],
    check_prompt: CheckPrompt,
    *,
    allow_unknown: bool,
    denoise_ratio: float | None = None,
    model_denoises: bool = False,
) -> PreparedVoices:
    """Prepare every prompt, and check that the model can use it.

    Args:
        voices: voices to prepare.
        check_prompt: function that raises PromptError if the model cannot use a prompt.
        allow_unknown: True to accept voices without a known consent.
        denoise_ratio: share (0 to 1) of the denoised signal in the prompts; None leaves the prompts unchanged.
        model_denoises: True to leave noise reduction to the denoiser of the model.

    Raises:
        InputError: a consent is unknown, or prompts cannot be used; all unusable prompts are in one error.
        ProgramError: the noise reduction is not installed.
    """
    prepared, errors = prepare_some_voices(
        voices,
        check_prompt,
        allow_unknown=allow_unknown,
        denoise_ratio=denoise_ratio,
        model_denoises=model_denoises,
    )
    raise_voice_errors(list(errors.values()))
    return prepared


def prepare_some_voices(
    voices: Iterable[VoiceRow],
    check_prompt: CheckPrompt,
    *,
    allow_unknown: bool,
    denoise_ratio: float | None = None,
    model_denoises: bool = False,
) -> tuple[PreparedVoices, dict[str, PromptError]]:
    """Prepare the voices that can be used; return them, and the errors of unusable voices, keyed by name.

    The arguments are those of `prepare_voices`.

    Raises:
        InputError: no voice can be used, or a consent is unknown.
        ProgramError: the noise reduction is not installed.
    """
    voices = list(voices)
    check_consent(voices, allow_unknown=allow_unknown)
    prepared: PreparedVoices = {}
    errors: dict[str, PromptError] = {}
    for row in voices:
        try:
            preprocessing_ratio = 0.0 if model_denoises else denoise_ratio or 0.0
            prompt = prepare_prompt(row.read_prompt(), row.voice, denoise_ratio=preprocessing_ratio)
            if model_denoises and denoise_ratio is not None:
                prompt = prompt.with_denoise_ratio(denoise_ratio)
            check_prompt(read_sound(prompt.flac))
            prepared[row.voice] = (row, prompt)
        except PromptError as error:
            errors[row.voice] = _named_error(error, row.voice)
    if not prepared:
        raise_voice_errors(list(errors.values()))
    return prepared, errors


def other_model_notices(prompts: PreparedVoices, model: ModelInfo) -> tuple[str, ...]:
    """Messages on voice files that were created for weights other than those of the model."""
    return tuple(
        f"Voice {name} was made for another model: its reference recording is the prompt"
        for name, (_, prompt) in prompts.items()
        if prompt.voice_file is not None and prompt.model_sha256 != model.weights_sha256
    )


def _named_error(error: PromptError, voice: str) -> PromptError:
    """Error with the name of the voice added, since the check of a model does not know this name."""
    if voice in error.what:
        return error
    return PromptError(f"Voice {voice}: {error.what}", expected=error.expected, got=error.got, fix=error.fix)


def raise_voice_errors(errors: Sequence[PromptError]) -> None:
    """Raise a single InputError for all errors of voices, if there are any.

    Raises:
        InputError: there is an error.
    """
    if len(errors) == 1:
        raise InputError(errors[0].what, expected=errors[0].expected, got=errors[0].got, fix=errors[0].fix)
    if errors:
        raise InputError(f"{len(errors)} voices cannot be used", got=" ".join(str(error) for error in errors))


def write_voice_table(prepared: PreparedVoices, target: Path) -> None:
    """Write the voice table of a run with its prompts, so that the run can resume after the recordings were moved."""
    rows: list[dict[str, Any]] = [
        {
            "voice": name,
            "audio": {"bytes": prompt.flac, "path": f"{name}.flac"},
            "language": row.language,
            "speaker": row.speaker,
            "consent": row.consent,
            "consent_ref": row.consent_ref,
            "license": row.license,
            "notes": row.notes,
            "voice_sha256": prompt.sha256,
            "voice_file": prompt.voice_file,
            "denoise_ratio": prompt.denoise_ratio,
        }
        for name, (row, prompt) in prepared.items()
    ]
    write_table([pa.Table.from_pylist(rows, schema=VOICE_TABLE_SCHEMA)], VOICE_TABLE_SCHEMA, target)
