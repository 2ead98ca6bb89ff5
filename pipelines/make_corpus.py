"""Make a synthetic training corpus: a ready job to copy, edit and run.

    python pipelines/make_corpus.py

The same as `hierbatch corpus` and `hierbatch export`, opened up: change the texts, the voices, the hours, the spread or
the rules below. Running it again goes on where it stopped; with other rules only the sifting is done anew.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hierbatch.cli.progress import ProgressLine
from hierbatch.engine.session import Workforce
from hierbatch.errors import HierbatchError
from hierbatch.jobs.corpus import CorpusJob, corpus
from hierbatch.jobs.corpus_pairs import Spread
from hierbatch.jobs.export import ExportJob, export
from hierbatch.jobs.voices import VoiceChoice
from hierbatch.stages.appraise import Measures

HERE = Path(__file__).resolve().parent.parent

JOB = CorpusJob(
    # Tables with a `text` column, books, or folders of them; every sentence is taken once.
    texts=(HERE / "manifests" / "sample_book.md",),
    text_license="public domain",
    # A row a recording: voice, audio, lang, consent, and `speaker` where one person has several.
    voices=VoiceChoice(table=HERE / "manifests" / "voices" / "voices.csv"),
    # Shared evenly by the languages of the texts, and inside a language by the speakers.
    hours=0.05,
    # Run folder; delete it to begin anew.
    out=Path("runs") / "corpus",
    # From where to where the deliveries reach.
    spread=Spread(speed=(0.9, 1.12), pitch_semitones=(-1.5, 1.5), prosody=(0.8, 1.25)),
    # No speaker is in two of them.
    split={"train": 0.9, "dev": 0.05, "test": 0.05},
    # Rejected rows stay in RUN/corpus/rows.parquet with the rules that rejected them.
    filter_file=HERE / "manifests" / "filter.toml",
    # Add speaker=True where Resemblyzer is installed, recogniser=Path(...) where a Whisper folder is at hand.
    measures=Measures(semantic=True),
    # How often a take that looks wrong is made again; the best is kept.
    retakes=2,
    # `engine="local"` works in this process, without Ray; with Ray 0 workers means one for each core.
    workforce=Workforce(engine="ray", n_workers=0),
)

# Any of hf, lhotse, webdataset, ljspeech, nemo.
FORMATS = ("hf",)


def main(job: CorpusJob = JOB, formats: tuple[str, ...] = FORMATS) -> int:
    line = ProgressLine()
    try:
        made = corpus(job, line.watch())
        line.end()
        if made.outcome.sitting.ending != "done":
            print("Stopped before its end; run it again to go on.")
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
