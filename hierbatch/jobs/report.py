"""A run to one HTML page for people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hierbatch.analysis.report_page import PageLimits, report_page
from hierbatch.analysis.similarity import SimilarityMatrix, similarity_matrix
from hierbatch.analysis.study import RunStudy, open_run
from hierbatch.errors import BundleError, InputError, PromptError
from hierbatch.storage import storage_error, write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportJob:
    """Which run to report on, and where to."""

    run: Path
    out: Path | None = None
    """The page; `RUN/export/report.html` where it is not given."""
    overwrite: bool = False
    compare_voices: bool = True
    """Compare takes and prompts with the model's style encoder: some seconds."""
    limits: PageLimits = field(default_factory=PageLimits)


def write_report(job: ReportJob) -> Path:
    """Write the page and say where it is.

    Raises:
        RunError: the folder is no run, or a part of it is damaged.
        InputError: a file is in the way and `overwrite` is not set.
        ProgramError: matplotlib or jinja2 is not installed.
        StorageError: the disk is full.
    """
    out = job.out or job.run / "export" / "report.html"
    if out.exists() and (out.is_dir() or not job.overwrite):
        raise InputError(f"{out} is there already", mend="pass --overwrite, or choose another --out")
    run = open_run(job.run)
    matrix = _matrix(run) if job.compare_voices else None
    page = report_page(run, datetime.now(UTC), matrix, job.limits)
    with write_whole(out) as aside:
        try:
            aside.write_text(page, encoding="utf-8")
        except OSError as error:
            raise storage_error(error, out) from error
    return out


def _matrix(run: RunStudy) -> SimilarityMatrix | None:
    """Takes against prompts, where the run has voices that can be compared: a report does not fail for a picture."""
    try:
        return similarity_matrix(run)
    except (InputError, PromptError, BundleError):
        return None
