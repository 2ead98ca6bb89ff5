"""Convert recordings: a ready-made job to copy, edit and run.

    python pipelines/convert_recordings.py

Equivalent to `hierbatch convert`, as a script: change the manifest, voices or pitch below. Running it again resumes an
interrupted run and converts only what has changed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import hierbatch

HERE = Path(__file__).resolve().parent.parent

OPTIONS: dict[str, Any] = {
    # Table of id, source and voice; paths of recordings are relative to its folder.
    "manifest": HERE / "manifests" / "recordings.csv",
    # Prompts of 3 to 15 seconds per target speaker, with their consent.
    "voices": HERE / "manifests" / "voices" / "voices.csv",
    # Semitones relative to the target's own range; a row's pitch_semitones takes precedence.
    "pitch_semitones": 0.0,
    # Output rate; None keeps each recording's own rate and its exact number of samples.
    "rate_hz": None,
    # Run folder; delete it to start over. The clips are written to OUT/export/clips.
    "out": Path("runs") / "convert_recordings",
    "clips": True,
    # "local" runs in this process, without Ray; with Ray, 0 workers means one per core.
    "engine": "ray",
    "workers": 0,
}


def main(**changes: Any) -> int:
    """Run the job and write the clips; returns the exit code."""
    try:
        outcome = hierbatch.convert_files(**(OPTIONS | changes), on_message=print)
    except hierbatch.HierbatchError as error:
        print(error, file=sys.stderr)
        return 2
    clips = outcome.out / "export" / "clips"
    print(f"{clips}: {outcome.counts.n_ok} recordings, {outcome.counts.n_failed} failed")
    return 3 if outcome.counts.n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
