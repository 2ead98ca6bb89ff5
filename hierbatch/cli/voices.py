"""`hierbatch voices`: list, preview, blend, sample and design voices."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.cli.composed import command
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.object_path import local_path

if TYPE_CHECKING:
    from hierbatch.jobs.voices.listing import ListedVoice
    from hierbatch.jobs.voices.sample import MadeVoice

voices = typer.Typer(no_args_is_help=True)

Source = Annotated[
    Path, typer.Argument(parser=local_path, help="Table, folder of recordings and voice files, one file, or a model.")
]
Seed = Annotated[int, typer.Option(help="Another seed gives other voices.")]
Number = Annotated[int, typer.Option("--n", "-n", help="Number of voices.")]
_COLUMNS = ("voice", "origin", "consent", "license", "language", "seconds", "register", "F0", "SNR")


@voices.callback()
def about() -> None:
    """List, preview, blend, sample and design voices."""


@voices.command("list")
def list_(source: Source) -> None:
    """List voices with consent, license, and measures of their recordings.

    Example: hierbatch voices list voices.csv
    """
    from hierbatch.jobs.voices.listing import describe_distribution, describe_voices, voices_at

    if not source.exists() and (description := describe_distribution(str(source))):
        print(description)
        return
    found = list(describe_voices(voices_at(source)))
    rows = [_COLUMNS, *map(_cells, found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for voice in found:
        if voice.problem:
            print(f"Note: {voice.problem}", file=sys.stderr)


@voices.command()
@command
def preview(
    source: Source,
    out: Annotated[Path, typer.Option("--out", "-o", parser=local_path, help="Folder of the files.")],
    consent: Annotated[str, typer.Option(help="Consent of recordings without a table.")] = "unknown",
    text: Annotated[
        list[str] | None, typer.Option(help="Sentence that replaces the built-in one of its language; repeatable.")
    ] = None,
    allow_unknown_consent: Annotated[
        bool, typer.Option("--allow-unknown-consent", help="Allow voices without a known consent.")
    ] = False,
    *,
    model: ModelChoice,
) -> None:
    """Speak a sentence of each language in each voice: one file per voice, and a montage.

    Example: hierbatch voices preview voices.csv -o previews
    """
    from hierbatch.frontend.language import detect_language
    from hierbatch.jobs.voices.listing import voices_at
    from hierbatch.jobs.voices.preview import PreviewVoices, preview_voices

    texts = {detect_language(one, "en"): one for one in text or ()}
    job = PreviewVoices(
        voices=voices_at(source, consent),
        out=out,
        texts=texts,
        allow_unknown_consent=allow_unknown_consent,
        model=model,
    )
    made = preview_voices(job, lambda path: print(path, flush=True))
    if made.montage:
        print(made.montage)
    for problem in made.problems.values():
        print(f"Note: {problem}", file=sys.stderr)


@voices.command()
@command
def blend(
    parts: Annotated[list[str], typer.Argument(help="VOICE or VOICE=WEIGHT: a file, or a name in --voices.")],
    out: Annotated[Path, typer.Option("--out", "-o", parser=local_path, help="Voice file: NAME.safetensors.")],
    voices: Annotated[Path | None, typer.Option(parser=local_path, help="Voices table or folder, for names.")] = None,
    consent: Annotated[str, typer.Option(help="Consent of recordings given by path.")] = "unknown",
    allow_unknown_consent: Annotated[
        bool, typer.Option("--allow-unknown-consent", help="Allow voices without a known consent.")
    ] = False,
    *,
    model: ModelChoice,
) -> None:
    """Blend voices by weight into a voice file with the consents and licenses of all.

    Example: hierbatch voices blend anna=2 ben=1 --voices voices.csv -o mix.safetensors
    """
    from hierbatch.jobs.voices.blend import BlendVoices, find_voices
    from hierbatch.jobs.voices.blend import blend as blend_job

    names, weights = zip(*map(_name_and_weight, parts), strict=True)
    rows = find_voices(names, consent, voices)
    job = BlendVoices(
        voices=tuple(zip(rows, weights, strict=True)),
        out=out,
        allow_unknown_consent=allow_unknown_consent,
        model=model,
    )
    file = blend_job(job)
    print(f"{out}: {file.description}")
    print(f"consent {file.consent}, license {file.license or 'unknown'}")


@voices.command()
@command
def sample(
    out: Annotated[Path, typer.Option("--out", "-o", parser=local_path, help="Folder of the voice files.")],
    n: Number = 1,
    seed: Seed = 0,
    name: Annotated[str, typer.Option(help="Prefix of the voice names.")] = "sampled",
    *,
    model: ModelChoice,
) -> None:
    """Sample voices of no real person from the model's voice distribution.

    Example: hierbatch voices sample -n 5 -o voices
    """
    from hierbatch.jobs.voices.sample import SampleVoices, sample_voices

    for made in sample_voices(SampleVoices(out=out, n_voices=n, seed=seed, name=name, model=model)):
        _print_made(made)


@voices.command()
@command
def design(
    description: Annotated[str, typer.Argument(help="Words in English or Korean, such as: a calm low male voice.")],
    out: Annotated[Path, typer.Option("--out", "-o", parser=local_path, help="Folder of the voice files.")],
    n: Number = 1,
    seed: Seed = 0,
    name: Annotated[str, typer.Option(help="Prefix of the voice names.")] = "designed",
    *,
    model: ModelChoice,
) -> None:
    """Design voices of no real person from a description in words.

    Example: hierbatch voices design "a calm low male voice, slow" -n 5 -o voices
    """
    from hierbatch.jobs.voices.design import DesignVoices, design_voices, read_description

    described = read_description(description)
    if described.unknown:
        print(f"Note: ignored, not words of a voice: {', '.join(described.unknown)}", file=sys.stderr)
    print("asked        " + _values(described.attributes.items()))
    job = DesignVoices(description=description, out=out, n_voices=n, seed=seed, name=name, model=model)
    for made in design_voices(job):
        _print_made(made)
        print("  measured   " + _values((key, made.measured[key]) for key in made.asked))


def _cells(voice: ListedVoice) -> tuple[str, ...]:
    return (
        voice.voice,
        voice.origin,
        voice.consent,
        voice.license or "-",
        voice.language or "-",
        "-" if voice.duration_s is None else f"{voice.duration_s:.1f}",
        voice.register or "-",
        "-" if voice.median_f0_hz is None else f"{voice.median_f0_hz:.0f} Hz",
        "-" if voice.signal_to_noise_db is None else f"{voice.signal_to_noise_db:.0f} dB",
    )


def _name_and_weight(entry: str) -> tuple[str, float]:
    name, separator, weight = entry.rpartition("=")
    try:
        return (name, float(weight)) if separator else (entry, 1.0)
    except ValueError:
        return entry, 1.0


def _print_made(made: MadeVoice) -> None:
    print(
        f"{made.path}  distance to the nearest known speaker {made.nearest_distance:.1f}; "
        f"clips of one speaker are within {made.same_speaker_distance:.1f}",
        flush=True,
    )


def _values(values: Iterable[tuple[str, float]]) -> str:
    return ", ".join(f"{name} {value:+.1f}" for name, value in values)
