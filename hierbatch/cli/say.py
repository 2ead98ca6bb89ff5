"""`hierbatch say`: one text to one sound file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hierbatch.cli import options
from hierbatch.object_path import local_path


def say(
    text: Annotated[str, typer.Argument(help="The text to speak; - reads it from standard input.")],
    voice: Annotated[Path, typer.Option(parser=local_path, help="A recording, 3 to 15 s of one person.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", parser=local_path, help="Sound file to write: .flac .wav .mp3 .ogg .opus.")
    ],
    consent: Annotated[
        str, typer.Option(help="Consent of the voice's owner: self, licensed, public_domain or synthetic.")
    ],
    language: Annotated[str, typer.Option(help="Language code such as en; auto recognises each sentence's.")] = "auto",
    lexicon: options.Lexicon = None,
    denoise: options.Denoise = None,
    speed: Annotated[float, typer.Option(min=0.5, max=2.0, help="Speaking rate.")] = 1.0,
    pitch: Annotated[float, typer.Option(min=-12, max=12, help="Shift of the median pitch, in semitones.")] = 0.0,
    seed: options.Seed = 0,
    model: options.Model = "lite",
    device: options.Device = "cpu",
    dtype: options.Dtype = "float32",
    compile_: options.Compile = False,
) -> None:
    """Speak a text into a sound file.

    Example: hierbatch say "Hello." --voice narrator.flac --consent licensed -o hello.flac
    """
    from hierbatch.api.loading import load
    from hierbatch.api.speech import SpeechPipeline
    from hierbatch.cli.licenses import print_model_license_warnings
    from hierbatch.errors import BundleError

    pipeline = load(model, device=device, dtype=dtype, compile=compile_)
    if not isinstance(pipeline, SpeechPipeline):
        raise BundleError("The model does not speak", got=model, fix="choose another with --model")
    print_model_license_warnings(model)
    prompt = pipeline.voice(voice, consent=consent, denoise_ratio=denoise or 0.0)
    for notice in prompt.notices:
        print(f"note: {notice}", file=sys.stderr)
    sound = pipeline.speak(
        sys.stdin.read() if text == "-" else text,
        prompt,
        language=language,
        lexicon=lexicon,
        speed=speed,
        pitch_semitones=pitch,
        seed=seed,
    )
    print(f"{sound.save(output)}: {sound.duration_s:.1f} s, {len(sound.words)} words")
