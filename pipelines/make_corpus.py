"""Make a synthetic training corpus: a ready-made job to copy, edit and run.

    python pipelines/make_corpus.py

Equivalent to `hierbatch corpus` and `hierbatch export`, as a script: change the texts, voices, hours, spread or filter
rules below. Running it again resumes an interrupted run; with other rules, only the filtering is repeated.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hierbatch.cli.progress import ProgressLine
from hierbatch.engine.session import Execution
from hierbatch.errors import HierbatchError
from hierbatch.jobs.corpus import CorpusJob, corpus
from hierbatch.jobs.corpus_pairs import Spread
from hierbatch.jobs.export import ExportJob, export
from hierbatch.jobs.specs.voices import VoiceChoice
from hierbatch.stages.score_takes import Measures

HERE = Path(__file__).resolve().parent.parent

JOB = CorpusJob(
    # Tables with a `text` column, books, or folders of them; every sentence is used once.
    texts=(HERE / "manifests" / "sample_book.md",),
    text_license="public domain",
    # One row per recording: voice, audio, language, consent, and `speaker` if a person has several recordings.
    voices=VoiceChoice(table=HERE / "manifests" / "voices" / "voices.csv"),
    # Total duration, divided evenly among the languages of the texts, and within a language among the speakers.
    hours=0.05,
    # Run folder; delete it to start over.
    out=Path("runs") / "corpus",
    # Ranges from which speed, pitch and prosody are drawn.
    spread=Spread(speed=(0.9, 1.12), pitch_semitones=(-1.5, 1.5), prosody=(0.8, 1.25)),
    # Shares of the splits; no speaker is in two of them.
    split={"train": 0.9, "dev": 0.05, "test": 0.05},
    # Rejected rows stay in RUN/corpus/rows.parquet with the rules that rejected them.
    filter_file=HERE / "manifests" / "filter.toml",
    # Add speaker=True if Resemblyzer is installed, and recogniser=Path(...) if a Whisper folder is available.
    measures=Measures(names=("semantic",)),
    # Maximum number of retakes of a take with flags; the best take is kept.
    max_retakes=2,
    # `engine="local"` runs in this process, without Ray; with Ray, 0 workers means one per core.
    execution=Execution(engine="ray", n_workers=0),
)

# Any of hf, lhotse, webdataset, ljspeech, nemo.
FORMATS = ("hf",)


def main(job: CorpusJob = JOB, formats: tuple[str, ...] = FORMATS) -> int:
    """Run the job and export the corpus in all formats; returns the exit code."""
    line = ProgressLine()
    try:
        made = corpus(job, line.listener())
        line.end()
        if made.outcome.session.ending != "done":
            print("Interrupted; run it again to resume.")
            return 130
        for name in formats:
            out = job.out.with_name(f"{job.out.name}-{name}")
            exported = export(ExportJob(run=job.out, to=name, out=out))
            print(f"{out}: {sum(exported.n_rows.values())} rows, {sum(exported.seconds.values()):.0f} s")
    except HierbatchError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
