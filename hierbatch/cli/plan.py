"""`hierbatch plan`: dry run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hierbatch.cli import exit_codes, options
from hierbatch.cli.composed import command
from hierbatch.jobs.options.prices import Prices
from hierbatch.jobs.options.speech import SpeechSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.models.catalog.model_choice import ModelChoice

if TYPE_CHECKING:
    from hierbatch.jobs.plan import RunEstimate


@command
def plan(
    manifest: options.ManifestPath,
    json: options.Json = False,
    *,
    voices: VoiceChoice,
    speech: SpeechSettings,
    model: ModelChoice,
    prices: Prices,
) -> None:
    """Dry run: validate a manifest and its voices, and estimate size, time and cost.

    Every text is phonemized; nothing is synthesized.

    Example: hierbatch plan rows.csv --voice narrator.flac --consent licensed
    """
    from hierbatch.cli.json_output import print_json
    from hierbatch.jobs.plan import estimate
    from hierbatch.jobs.specs.speak import SpeakSpec

    _ = model.placement  # refuses a device that `run` would refuse
    found = estimate(SpeakSpec(manifest=manifest, voices=voices, speech=speech, model=model), prices)
    if json:
        print_json({**asdict(found), "n_bytes": found.n_bytes, "work_s": found.work_s, "price": found.price})
    else:
        _print_estimate(manifest, found)
    if found.n_invalid:
        raise typer.Exit(exit_codes.FAILED_ROWS)


def _print_estimate(manifest: Path, found: RunEstimate) -> None:
    from hierbatch.engine.progress import format_duration
    from hierbatch.jobs.plan import REAL_TIME_FACTOR

    for notice in found.notices:
        print(notice)
    durations = ", ".join(f"{code} {format_duration(seconds)}" for code, seconds in sorted(found.sound_s.items()))
    print(f"{manifest}: {found.n_rows} rows in {found.n_units} work units, about {durations} of audio")
    print(f"About {found.n_bytes / 1e9:.2f} GB")
    if found.work_s is not None:
        if found.prices.times_real_time:
            pace = f"of one worker, at {found.prices.times_real_time:g} x real time"
        else:
            pace = f"of CPU time on one core, at {REAL_TIME_FACTOR:g} s per second of audio"
        print(f"About {format_duration(found.work_s)} {pace}")
    else:
        print(f"The speed of {found.model} is unknown; run a few rows and pass it as --times-real-time")
    if found.price is not None:
        hours = (found.work_s or 0.0) / 3600
        print(
            f"Cost: about {found.price:,.2f} for {hours:,.3g} hours of a worker at {found.prices.hour_price:g} "
            f"and {found.n_bytes / 1e9:,.3g} GB at {found.prices.gb_price:g}"
        )
    for foreign in found.foreign_rows:
        print(f"  {foreign.id}: transliterated or left out: {foreign.words}")
    if found.n_foreign:
        print(f"{found.n_foreign} rows have words of an unsupported script and would be flagged")
    for row in found.invalid_rows:
        print(f"  {row.id}: {row.error}")
    if found.n_invalid:
        print(f"{found.n_invalid} rows cannot be synthesized and would fail")
