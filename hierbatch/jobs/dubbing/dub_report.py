"""Report on dubbed files: a row for each file and speaker, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from hierbatch.csv_cells import protect_cell
from hierbatch.storage import write_atomically


@dataclass(frozen=True, slots=True, kw_only=True)
class DubReportRow:
    """A row of the report, about a file and one of its speakers."""

    file: str
    output: str = ""
    speaker: str = ""
    voice: str = ""
    duration_s: float | None = None
    speech_s: float | None = None
    length_error_samples: int | None = None
    """Number of samples of the decoded output, minus the number expected from the source."""
    speaker_similarity: float | None = None
    """Cosine similarity of the dubbed speech to the target prompt.

    None if the optional speaker network is not installed, or there is less than 1 s of speech.
    """
    flags: str = ""
    error: str = ""


def write_dub_report(rows: Iterable[DubReportRow], target: Path) -> None:
    """Write the report as CSV, sorted by file and speaker."""
    sink = io.StringIO()
    writer = csv.DictWriter(sink, [field.name for field in fields(DubReportRow)], lineterminator="\n")
    writer.writeheader()
    for row in sorted(rows, key=lambda row: (row.file, row.speaker)):
        cells = asdict(row)
        writer.writerow({name: protect_cell(cell) if isinstance(cell, str) else cell for name, cell in cells.items()})
    with write_atomically(target) as temporary:
        temporary.write_text(sink.getvalue(), encoding="utf-8")
