"""A finished run to a data set in another tool's format, a part at a time and whole or not at all."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hierbatch.errors import InputError
from hierbatch.export.corpora.card import CorpusSummary, corpus_card
from hierbatch.export.corpora.lines import LineFiles
from hierbatch.export.corpora.utterances import CorpusSource
from hierbatch.export.corpora.writers import LAYOUTS, WRITERS
from hierbatch.storage import staging_folder, storage_error

_TELL_EVERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJob:
    """Which run to export, to what, and where."""

    run: Path
    to: str
    """A name in `WRITERS`."""
    out: Path
    """Folder to make; it must not be there yet."""
    name: str = ""
    """Title of the corpus; the folder's name where it is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written, by split, and what was left out, by rule."""

    out: Path
    n_rows: Mapping[str, int]
    seconds: Mapping[str, float]
    n_speakers: int
    rejected: Mapping[str, int]


def export(job: ExportJob, tell: Callable[[int], None] = lambda n_rows: None) -> Exported:
    """Write a run's kept takes; `tell` hears how many are written.

    Raises:
        InputError: an unknown format, a folder that is there already, or nothing to write.
        RunError: this is no run, it is not finished, or it was worked on since it was filtered.
        StorageError: the disk is full; nothing is left behind.
    """
    if job.to not in WRITERS:
        raise InputError("The format is not known", wanted=", ".join(WRITERS), got=job.to)
    if os.path.lexists(job.out):
        raise InputError(
            f"{job.out} is there already", wanted="a folder to make", mend="choose another --out, or move it away"
        )
    source = CorpusSource(job.run)
    summary = CorpusSummary()
    with staging_folder(job.out.parent) as aside:
        folder = aside / job.out.name
        folder.mkdir()
        with WRITERS[job.to](folder) as writer:
            for number, utterance in enumerate(source, start=1):
                writer.add(utterance)
                summary.add(utterance)
                if number % _TELL_EVERY == 0:
                    tell(number)
        if not summary.n_rows:
            raise InputError(f"{job.run} holds nothing to export", got=f"{source.n_rows} rows, all rejected")
        rejected = _write_rejected(source, folder)
        card = corpus_card(
            summary, job.name or job.out.name, rejected, layout=LAYOUTS[job.to], for_hugging_face=job.to == "hf"
        )
        (folder / "README.md").write_text(card, encoding="utf-8")
        _put_down(folder, job.out)
    return Exported(
        out=job.out,
        n_rows=dict(summary.n_rows),
        seconds=dict(summary.seconds),
        n_speakers=summary.n_speakers,
        rejected=dict(rejected),
    )


def _write_rejected(source: CorpusSource, folder: Path) -> Counter[str]:
    """Write `rejected.jsonl`, where there is something to tell; gives how many rows each rule rejected."""
    by_rule: Counter[str] = Counter()
    with LineFiles(folder) as lines:
        for row in source.rejected():
            lines.write_json("rejected.jsonl", row)
            by_rule.update(row["rejected_by"])
    return by_rule


def _put_down(folder: Path, out: Path) -> None:
    """Rename the finished folder into place. It is not flushed file by file: it can always be made again."""
    try:
        folder.rename(out)
    except OSError as error:
        raise storage_error(error, out) from error
