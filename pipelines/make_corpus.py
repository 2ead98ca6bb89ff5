"""Make a synthetic training corpus: a ready-made job to copy, edit and run.

    python pipelines/make_corpus.py

Equivalent to `hierbatch corpus` and `hierbatch export`, as a script: change the texts, voices, hours, spread or filter
rules below. Running it again resumes an interrupted run; with other rules, only the filtering is repeated.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import hierbatch

HERE = Path(__file__).resolve().parent.parent

OPTIONS: dict[str, Any] = {
    # Tables with a `text` column, books, or folders of them; every sentence is used once.
    "texts": HERE / "manifests" / "sample_book.md",
    "text_license": "public domain",
    # One row per recording: voice, audio, language, consent, and `speaker` if a person has several recordings.
    "voices": HERE / "manifests" / "voices" / "voices.csv",
    # Total duration, divided evenly among the languages of the texts, and within a language among the speakers.
    "hours": 0.05,
    # Run folder; delete it to start over.
    "out": Path("runs") / "corpus",
    # Ranges from which speed, pitch and prosody are drawn.
    "speed": "0.9,1.12",
    "pitch_semitones": "-1.5,1.5",
    "prosody": "0.8,1.25",
    # Shares of the splits; no speaker is in two of them.
    "split": "train=0.9,dev=0.05,test=0.05",
    # The four sample voices have one Korean speaker, who can only be in one split.
    "allow_missing_languages": True,
    # Rejected rows stay in RUN/corpus/rows.parquet with the rules that rejected them.
    "filter": HERE / "manifests" / "filter.toml",
    # "semantic,speaker" if Resemblyzer is installed; asr_model names a Whisper folder.
    "measures": "semantic",
    # Maximum number of retakes of a take with flags; the best take is kept.
    "max_retakes": 2,
    # "local" runs in this process, without Ray; with Ray, 0 workers means one per core.
    "engine": "ray",
    "workers": 0,
}

# Any of hf, lhotse, webdataset, ljspeech, nemo.
FORMATS = ("hf",)


def main(formats: tuple[str, ...] = FORMATS, **changes: Any) -> int:
    """Run the job and export the corpus in all formats; returns the exit code."""
    try:
        made = hierbatch.corpus(**(OPTIONS | changes), on_message=print)
        if made.outcome.session.ending != "done":
            print("Interrupted; run it again to resume.")
            return 130
        for name in formats:
            run = made.outcome.out
            exported = hierbatch.export(run, to=name, out=run.with_name(f"{run.name}-{name}"))
            print(f"{exported.out}: {sum(exported.n_rows.values())} rows, {sum(exported.seconds.values()):.0f} s")
    except hierbatch.HierbatchError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
