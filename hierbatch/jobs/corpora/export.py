"""Export of a finished run as a data set in the format of another tool."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hierbatch.audio.watermark import Watermarker
from hierbatch.delivery.corpora.card import CorpusSummary, corpus_card
from hierbatch.delivery.corpora.lines import LineFiles
from hierbatch.delivery.corpora.utterances import CorpusSource
from hierbatch.delivery.corpora.writers import LAYOUTS, WRITERS
from hierbatch.errors import InputError
from hierbatch.storage import staging_folder, storage_error

_LOG_INTERVAL_ROWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJob:
    """Run to export, target format and output folder."""

    run: Path
    to: str
    """Export format, a key of `WRITERS`."""
    out: Path
    """Folder to create; it must not exist yet."""
    watermark: bool = False
    """Put an inaudible watermark into every utterance."""
    name: str = ""
    """Title of the data set; if it is empty, the name of the folder `out`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    """Number of rows and seconds written per split, number of speakers, and number of rows rejected by each rule."""

    out: Path
    n_rows: Mapping[str, int]
    seconds: Mapping[str, float]
    n_speakers: int
    rejected: Mapping[str, int]


def export(job: ExportJob, on_progress: Callable[[int], None] = lambda n_rows: None) -> ExportResult:
    """Write the accepted takes of a run as a data set; the output folder is created only when it is complete.

    Args:
        job: run, format and output folder.
        on_progress: function that is called with the number of rows written so far.

    Raises:
        InputError: the format is unknown, the folder `out` exists, or no row is left to write.
        RunError: `run` is not a run folder, the run is not finished or has changed since it was filtered, or an
            utterance cannot carry the watermark.
        ProgramError: the package for the watermark is missing.
        StorageError: the disk is full; no partial output remains.
    """
    if job.to not in WRITERS:
        raise InputError("The export format is unknown", expected=", ".join(WRITERS), got=job.to, fix="correct --to")
    if os.path.lexists(job.out):
        raise InputError(
            f"{job.out} already exists",
            expected="a folder that does not exist",
            fix="choose another --out, or move the folder away",
        )
    source = CorpusSource(job.run, Watermarker().mark_flac if job.watermark else None)
    summary = CorpusSummary()
    with staging_folder(job.out.parent) as staging:
        folder = staging / job.out.name
        folder.mkdir()
        with WRITERS[job.to](folder) as writer:
            for number, utterance in enumerate(source, start=1):
                writer.add(utterance)
                summary.add(utterance)
                if number % _LOG_INTERVAL_ROWS == 0:
                    on_progress(number)
        if not summary.n_rows:
            raise InputError(
                f"{job.run} has no rows to export",
                got=f"{source.n_rows} rows, all rejected",
                fix="relax the filter rules, or add rows",
            )
        rejected = _write_rejected(source, folder)
        card = corpus_card(
            summary, job.name or job.out.name, rejected, layout=LAYOUTS[job.to], for_hugging_face=job.to == "hf"
        )
        (folder / "README.md").write_text(card, encoding="utf-8")
        _move_into_place(folder, job.out)
    return ExportResult(
        out=job.out,
        n_rows=dict(summary.n_rows),
        seconds=dict(summary.seconds),
        n_speakers=summary.n_speakers,
        rejected=dict(rejected),
    )


def _write_rejected(source: CorpusSource, folder: Path) -> Counter[str]:
    """Write `rejected.jsonl` if rows were rejected, and return the number of rows rejected by each rule."""
    by_rule: Counter[str] = Counter()
    with LineFiles(folder) as lines:
        for row in source.rejected():
            lines.write_json("rejected.jsonl", row)
            by_rule.update(row["rejected_by"])
    return by_rule


def _move_into_place(folder: Path, out: Path) -> None:
    """Rename the finished folder into place.

    The files in the folder are not flushed to disk one by one, since an export can be repeated.
    """
    try:
        folder.rename(out)
    except OSError as error:
        raise storage_error(error, out) from error
