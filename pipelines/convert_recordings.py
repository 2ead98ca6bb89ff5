"""Convert recordings: a ready job to copy, edit and run.

    python pipelines/convert_recordings.py

The same as `hierbatch convert`, opened up: change the manifest, the voices or the key below. Running it again goes on
where it stopped and converts only what has changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hierbatch.cli.progress import ProgressLine
from hierbatch.engine.session import Workforce
from hierbatch.errors import HierbatchError
from hierbatch.jobs.clips import write_clips
from hierbatch.jobs.convert_order import ConvertOrder
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.voices import VoiceChoice

HERE = Path(__file__).resolve().parent.parent

JOB = RunJob(
    order=ConvertOrder(
        # A table of id, source and voice; paths of recordings start at its folder.
        manifest=HERE / "manifests" / "recordings.csv",
        # Three to fifteen seconds of each target speaker, with their consent.
        voices=VoiceChoice(table=HERE / "manifests" / "voices" / "voices.csv"),
        # Semitones above the target's own range; a row's own pitch_semitones wins.
        pitch_semitones=0.0,
        # None keeps each recording's own rate, and its length to the sample.
        rate_hz=None,
    ),
    # The run folder; delete it to begin anew.
    out=Path("runs") / "convert_recordings",
    # Another seed changes little in a conversion.
    retakes=0,
    # `engine="local"` works in this process, without Ray; with Ray 0 workers means one for each core.
    workforce=Workforce(engine="ray", n_workers=0),
)


def main(job: RunJob = JOB) -> int:
    line = ProgressLine()
    try:
        outcome = run(job, line.watch())
        n_clips = write_clips(outcome.out)
    except HierbatchError as error:
        print(error, file=sys.stderr)
        return 2
    line.end()
    print(f"{outcome.out / 'export' / 'clips'}: {n_clips} recordings, {outcome.standing.n_failed} failed")
    return 3 if outcome.standing.n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
