"""Narrate a book: a ready job to copy, edit and run.

    python pipelines/narrate_book.py

The same as `hierbatch narrate`, opened up: change the book, the voice, the pauses or the profiles below. Running it
again goes on where it stopped and speaks only what has changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hierbatch.cli.progress import ProgressLine
from hierbatch.engine.session import Workforce
from hierbatch.errors import HierbatchError
from hierbatch.jobs.narrate import NarrateJob, narrate
from hierbatch.jobs.voices import VoiceChoice

HERE = Path(__file__).resolve().parent.parent

JOB = NarrateJob(
    # An EPUB, a text or a Markdown file; chapters come from its table of contents or its headings.
    book=HERE / "manifests" / "sample_book.md",
    # Three to fifteen seconds of one person speaking, with their consent.
    voices=VoiceChoice(file=HERE / "manifests" / "voices" / "narrator.flac", consent="licensed"),
    # Manifest, run folder and audiobook; delete it to begin anew.
    out=Path("runs") / "narrate_book",
    # `auto` finds each sentence's own language; `en` or `ko` set it for all.
    language="auto",
    # One M4B with chapters for players, an MP3 a chapter for shops, subtitles beside both.
    formats=("m4b", "mp3"),
    subtitles=("srt",),
    profile="podcast",
    profile_by_format={"mp3": "acx"},
    # `engine="local"` works in this process, without Ray; with Ray 0 workers means one for each core.
    workforce=Workforce(engine="ray", n_workers=0),
)


def main(job: NarrateJob = JOB) -> int:
    line = ProgressLine()
    try:
        narration = narrate(job, line.watch())
    except HierbatchError as error:
        print(error, file=sys.stderr)
        return 2
    line.end()
    if narration.result is None:
        print("Stopped before its end; run it again to go on.")
        return 130
    for file in narration.result.files:
        print(f"{file.path}: {file.duration_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
