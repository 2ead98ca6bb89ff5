"""Dub a folder: a ready job to copy, edit and run.

    python pipelines/dub_folder.py

The same as `hierbatch dub`, opened up: change the folder, the voices, who gets which, or the background below. Running
it again goes on where it stopped.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hierbatch.cli.progress import ProgressLine
from hierbatch.engine.session import Workforce
from hierbatch.errors import HierbatchError
from hierbatch.jobs.dub import DubJob, dub
from hierbatch.jobs.dub_delivery import Background
from hierbatch.jobs.voices import VoiceChoice

HERE = Path(__file__).resolve().parent.parent

JOB = DubJob(
    # Recordings and films; segments tables of several speakers lie beside them.
    folder=HERE / "manifests" / "voices",
    # Three to fifteen seconds of each target speaker, with their consent.
    voices=VoiceChoice(table=HERE / "manifests" / "voices" / "voices.csv", default="narrator"),
    # A table of file, speaker, voice and key; None gives everybody the default voice.
    voice_map=None,
    # 0 keeps what stands outside speech, -12 lowers it by 12 dB, None takes it away.
    background=Background(gain_db=0.0),
    # The dubbed files and their table; delete it to begin anew.
    out=Path("runs") / "dub_folder",
    # `engine="local"` works in this process, without Ray; with Ray 0 workers means one for each core.
    workforce=Workforce(engine="ray", n_workers=0),
)


def main(job: DubJob = JOB) -> int:
    line = ProgressLine()
    try:
        dubbing = dub(job, line.watch())
    except HierbatchError as error:
        print(error, file=sys.stderr)
        return 2
    line.end()
    for made in dubbing.lines:
        print(f"{made.file}: {made.error or f'{made.voice}, length error {made.length_error_samples}'}")
    return 3 if dubbing.n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
