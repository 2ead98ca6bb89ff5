"""Dub a folder: a ready-made job to copy, edit and run.

    python pipelines/dub_folder.py

Equivalent to `hierbatch dub`, as a script: change the folder, the voices, their assignment or the background below.
Running it again resumes an interrupted run.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hierbatch.cli.progress import ProgressLine
from hierbatch.engine.session import Execution
from hierbatch.errors import HierbatchError
from hierbatch.jobs.dub import DubJob, dub
from hierbatch.jobs.dub_output import Background
from hierbatch.jobs.specs.voices import VoiceChoice

HERE = Path(__file__).resolve().parent.parent

JOB = DubJob(
    # Recordings and videos; segment tables for several speakers are placed next to them.
    folder=HERE / "manifests" / "voices",
    # Prompts of 3 to 15 seconds per target speaker, with their consent.
    voices=VoiceChoice(table=HERE / "manifests" / "voices" / "voices.csv", default="narrator"),
    # Table of file, speaker, voice and key; None assigns the default voice to everyone.
    voice_map=None,
    # 0 keeps everything outside speech, -12 lowers it by 12 dB, None removes it.
    background=Background(gain_db=0.0),
    # Dubbed files and their table; delete it to start over.
    out=Path("runs") / "dub_folder",
    # `engine="local"` runs in this process, without Ray; with Ray, 0 workers means one per core.
    execution=Execution(engine="ray", n_workers=0),
)


def main(job: DubJob = JOB) -> int:
    """Run the job and print a line per file; returns the exit code."""
    line = ProgressLine()
    try:
        dubbing = dub(job, line.listener())
    except HierbatchError as error:
        print(error, file=sys.stderr)
        return 2
    line.end()
    for entry in dubbing.lines:
        print(f"{entry.file}: {entry.error or f'{entry.voice}, length error {entry.length_error_samples}'}")
    return 3 if dubbing.n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
