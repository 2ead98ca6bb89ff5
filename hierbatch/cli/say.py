"""`hierbatch say`: one text to one sound file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hierbatch.cli.composed import command
from hierbatch.errors import InputError
from hierbatch.jobs.options.provenance import Provenance
from hierbatch.jobs.options.say import SaySettings, SayVoice
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.object_path import local_path

_MAX_INPUT_BYTES = 1 << 20


@command
def say(
    text: Annotated[str, typer.Argument(help="The text to speak; - reads it from standard input.")],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", parser=local_path, help="Sound file to write: .flac .wav .mp3 .ogg .opus."),
    ],
    *,
    prompt: SayVoice,
    speech: SaySettings,
    provenance: Provenance,
    model: ModelChoice,
) -> None:
    """Speak a text into a sound file.

    Example: hierbatch say "Hello." --voice anna.flac --consent licensed -o a.flac
    """
    from hierbatch.api.loading import load_speech_pipeline
    from hierbatch.cli.licenses import print_model_license_warnings

    pipeline = load_speech_pipeline(model)
    print_model_license_warnings(model.model)
    voice = pipeline.voice(prompt.voice, consent=prompt.consent, denoise_ratio=prompt.denoise_ratio or 0.0)
    for notice in voice.notices:
        print(f"Note: {notice}", file=sys.stderr)
    sound = pipeline.speak(
        _read_input() if text == "-" else text,
        voice,
        language=speech.language or "auto",
        lexicon=speech.lexicon,
        speed=speech.speed,
        pitch_semitones=speech.pitch_semitones,
        seed=speech.seed,
    )
    path = sound.save(
        out,
        watermark=provenance.watermark,
        c2pa_certificate=provenance.c2pa_certificate,
        c2pa_key=provenance.c2pa_key,
        c2pa_algorithm=provenance.c2pa_algorithm,
    )
    print(f"{path}: {sound.duration_s:.1f} s, {len(sound.words)} words")


def _read_input() -> str:
    """Read a text of limited size from standard input."""
    content = sys.stdin.buffer.read(_MAX_INPUT_BYTES + 1)
    try:
        if len(content) <= _MAX_INPUT_BYTES:
            return content.decode("utf-8-sig")
        got = f"more than {_MAX_INPUT_BYTES >> 10} KiB"
    except UnicodeDecodeError as error:
        got = str(error)
    raise InputError(
        "The standard input cannot be spoken", expected=f"UTF-8, at most {_MAX_INPUT_BYTES >> 10} KiB", got=got,
        fix="shorten the text; `hierbatch narrate` reads whole books",
    )  # fmt: skip
