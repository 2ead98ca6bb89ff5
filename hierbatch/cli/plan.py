"""`hierbatch plan`: the dry run."""

from __future__ import annotations

from typing import Annotated

import typer

from hierbatch.cli import exit_codes, options


def plan(
    manifest: options.RowsPath,
    voice: options.Voice = None,
    voices: options.Voices = None,
    default_voice: options.DefaultVoice = None,
    consent: options.Consent = "self",
    allow_unknown_consent: options.AllowUnknownConsent = False,
    denoise: options.Denoise = None,
    lang: Annotated[str | None, typer.Option(help="Language of rows that name none: en or ko.")] = None,
    lexicon: options.Lexicon = None,
    speed: options.Speed = 1.0,
    model: options.Model = "lite",
    model_factory: options.ModelFactory = options.FACTORY,
) -> None:
    """Check a manifest and its voices, read every text, and say what speaking it would come to; nothing is spoken."""
    from hierbatch.engine.progress import clock
    from hierbatch.jobs.order import SpeakOrder
    from hierbatch.jobs.plan import WORK_PER_SOUND, estimate

    order = SpeakOrder(
        manifest=manifest,
        voices=options.voice_choice(voice, voices, default_voice, consent, allow_unknown_consent, denoise),
        language=lang,
        lexicon=lexicon,
        speed=speed,
        bundle=model,
        model_factory=model_factory,
    )
    found = estimate(order)
    for notice in found.notices:
        print(notice)
    sound = ", ".join(f"{language} {clock(seconds)}" for language, seconds in sorted(found.sound_s.items()))
    print(f"{manifest}: {found.n_rows} rows in {found.n_units} units, about {sound} of sound")
    print(f"About {found.n_bytes / 1e9:.2f} GB")
    if found.work_s is not None:
        print(f"About {clock(found.work_s)} of work on one core, at {WORK_PER_SOUND:g} s a second of sound")
    else:
        print(f"How fast {model} works is not known here; speak the first rows to learn it")
    for refusal in found.refusals:
        print(f"  {refusal.id}: {refusal.error}")
    if found.n_refused:
        print(f"{found.n_refused} rows cannot be spoken and would be failed rows")
        raise typer.Exit(exit_codes.FAILED_ROWS)
