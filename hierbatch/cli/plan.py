"""`hierbatch plan`: dry run."""

from __future__ import annotations

from typing import Annotated

import typer

from hierbatch.cli import exit_codes, options


def plan(
    manifest: options.ManifestPath,
    voice: options.Voice = None,
    voices: options.Voices = None,
    default_voice: options.DefaultVoice = None,
    consent: options.Consent = "self",
    allow_unknown_consent: options.AllowUnknownConsent = False,
    denoise: options.Denoise = None,
    language: Annotated[
        str | None, typer.Option(help="Language of rows without one: en or ko.", rich_help_panel=options.SOUND_PANEL)
    ] = None,
    lexicon: options.Lexicon = None,
    speed: options.Speed = 1.0,
    model: options.Model = "lite",
    model_factory: options.ModelFactory = options.FACTORY,
) -> None:
    """Dry run: validate a manifest and its voices, and estimate size and time.

    Every text is phonemized; nothing is synthesized.
    """
    from hierbatch.engine.progress import format_duration
    from hierbatch.jobs.plan import REAL_TIME_FACTOR, estimate
    from hierbatch.jobs.specs.speak import SpeakSpec

    spec = SpeakSpec(
        manifest=manifest,
        voices=options.voice_choice(voice, voices, default_voice, consent, allow_unknown_consent, denoise),
        language=language,
        lexicon=lexicon,
        speed=speed,
        bundle=model,
        model_factory=model_factory,
    )
    found = estimate(spec)
    for notice in found.notices:
        print(notice)
    durations = ", ".join(f"{code} {format_duration(seconds)}" for code, seconds in sorted(found.sound_s.items()))
    print(f"{manifest}: {found.n_rows} rows in {found.n_units} work units, about {durations} of audio")
    print(f"About {found.n_bytes / 1e9:.2f} GB")
    if found.work_s is not None:
        print(
            f"About {format_duration(found.work_s)} of CPU time on one core, "
            f"at {REAL_TIME_FACTOR:g} s per second of audio"
        )
    else:
        print(f"The speed of {model} is unknown; run a few rows to measure it")
    for row in found.invalid_rows:
        print(f"  {row.id}: {row.error}")
    if found.n_invalid:
        print(f"{found.n_invalid} rows cannot be synthesized and would fail")
        raise typer.Exit(exit_codes.FAILED_ROWS)
