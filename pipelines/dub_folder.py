"""Dub a folder: a ready-made job to copy, edit and run.

    python pipelines/dub_folder.py

Equivalent to `hierbatch dub`, as a script: change the folder, the voices, their assignment or the background below.
Running it again resumes an interrupted run.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import hierbatch

HERE = Path(__file__).resolve().parent.parent

OPTIONS: dict[str, Any] = {
    # Recordings and videos; segment tables for several speakers are placed next to them.
    "folder": HERE / "manifests" / "voices",
    # Prompts of 3 to 15 seconds per target speaker, with their consent.
    "voices": HERE / "manifests" / "voices" / "voices.csv",
    "default_voice": "narrator",
    # Table of file, speaker, voice and key; None assigns the default voice to everyone.
    "voice_map": None,
    # "keep" leaves everything outside speech, "-12" lowers it by 12 dB, "off" removes it.
    "background": "keep",
    # Dubbed files and their table; delete it to start over.
    "out": Path("runs") / "dub_folder",
    # "local" runs in this process, without Ray; with Ray, 0 workers means one per core.
    "engine": "ray",
    "workers": 0,
}


def main(**changes: Any) -> int:
    """Run the job and print a line per file; returns the exit code."""
    try:
        dubbing = hierbatch.dub(**(OPTIONS | changes))
    except hierbatch.HierbatchError as error:
        print(error, file=sys.stderr)
        return 2
    for entry in dubbing.lines:
        print(f"{entry.file}: {entry.error or f'{entry.voice}, length error {entry.length_error_samples}'}")
    return 3 if dubbing.n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
