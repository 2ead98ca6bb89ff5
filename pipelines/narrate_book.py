"""Narrate a book: a ready-made job to copy, edit and run.

    python pipelines/narrate_book.py

Equivalent to `hierbatch narrate`, as a script: change the book, voice, formats or profiles below. Running it again
resumes an interrupted run and synthesizes only what has changed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import hierbatch

HERE = Path(__file__).resolve().parent.parent

OPTIONS: dict[str, Any] = {
    # EPUB, text or Markdown file; chapters come from its table of contents or its headings.
    "book": HERE / "manifests" / "sample_book.md",
    # Prompt of 3 to 15 seconds of one speaker, with their consent.
    "voice": HERE / "manifests" / "voices" / "narrator.flac",
    "consent": "licensed",
    # Manifest, run folder and audiobook; delete it to start over.
    "out": Path("runs") / "narrate_book",
    # "auto" detects each sentence's language; "en" or "ko" sets it for all.
    "language": "auto",
    # One M4B with chapters for players, one MP3 per chapter for retailers, subtitles next to both.
    "to": "m4b,mp3,srt",
    "profile": "m4b=podcast,mp3=acx",
    # "local" runs in this process, without Ray; with Ray, 0 workers means one per core.
    "engine": "ray",
    "workers": 0,
}


def main(**changes: Any) -> int:
    """Run the job and print the files it made; returns the exit code."""
    try:
        narration = hierbatch.narrate(**(OPTIONS | changes))
    except hierbatch.HierbatchError as error:
        print(error, file=sys.stderr)
        return 2
    if narration.result is None:
        print("Interrupted; run it again to resume.")
        return 130
    for file in narration.result.files:
        print(f"{file.path}: {file.duration_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
