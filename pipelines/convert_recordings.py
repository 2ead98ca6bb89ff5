"""Convert recordings: a ready-made job to copy, edit and run.

    python pipelines/convert_recordings.py

Equivalent to `hierbatch convert`, as a script: change the manifest, voices or pitch below. Running it again resumes an
interrupted run and converts only what has changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hierbatch.cli.progress import ProgressLine
from hierbatch.engine.session import Execution
from hierbatch.errors import HierbatchError
from hierbatch.jobs.clips import write_clips
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.specs.convert import ConvertSpec
from hierbatch.jobs.specs.voices import VoiceChoice

HERE = Path(__file__).resolve().parent.parent

JOB = RunJob(
    spec=ConvertSpec(
        # Table of id, source and voice; paths of recordings are relative to its folder.
        manifest=HERE / "manifests" / "recordings.csv",
        # Prompts of 3 to 15 seconds per target speaker, with their consent.
        voices=VoiceChoice(table=HERE / "manifests" / "voices" / "voices.csv"),
        # Semitones relative to the target's own range; a row's pitch_semitones takes precedence.
        pitch_semitones=0.0,
        # Output rate; None keeps each recording's own rate and its exact number of samples.
        rate_hz=None,
    ),
    # Run folder; delete it to start over.
    out=Path("runs") / "convert_recordings",
    # Retakes with other seeds change little in a conversion.
    max_retakes=0,
    # `engine="local"` runs in this process, without Ray; with Ray, 0 workers means one per core.
    execution=Execution(engine="ray", n_workers=0),
)


def main(job: RunJob = JOB) -> int:
    """Run the job and write the clips; returns the exit code."""
    line = ProgressLine()
    try:
        outcome = run(job, line.listener())
        n_clips = write_clips(outcome.out)
    except HierbatchError as error:
        print(error, file=sys.stderr)
        return 2
    line.end()
    print(f"{outcome.out / 'export' / 'clips'}: {n_clips} recordings, {outcome.counts.n_failed} failed")
    return 3 if outcome.counts.n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
