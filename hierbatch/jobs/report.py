"""Writing of the HTML report of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hierbatch.analysis.report_page import PageLimits, report_page
from hierbatch.analysis.similarity import SimilarityMatrix, similarity_matrix
from hierbatch.analysis.study import RunStudy, open_run
from hierbatch.errors import BundleError, InputError, PromptError
from hierbatch.storage import storage_error, write_atomically


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportJob:
    """Run to report on, and page to write."""

    run: Path
    out: Path | None = None
    """Page to write; None writes `RUN/export/report.html`."""
    overwrite: bool = False
    compare_voices: bool = True
    """Compare the takes with the prompts; this takes a few seconds, since it uses the style encoder of the model."""
    limits: PageLimits = field(default_factory=PageLimits)


def write_report(job: ReportJob) -> Path:
    """Write the report page.

    Returns:
        Path of the page.

    Raises:
        RunError: the folder is not a run, or one of its files is damaged.
        InputError: the page exists and `overwrite` is not set.
        ProgramError: matplotlib or jinja2 is not installed.
        StorageError: the disk is full.
    """
    out = job.out or job.run / "export" / "report.html"
    if out.exists() and (out.is_dir() or not job.overwrite):
        raise InputError(f"{out} already exists", fix="pass --overwrite, or choose another --out")
    run = open_run(job.run)
    matrix = _matrix(run) if job.compare_voices else None
    page = report_page(run, datetime.now(UTC), matrix, job.limits)
    with write_atomically(out) as temporary:
        try:
            temporary.write_text(page, encoding="utf-8")
        except OSError as error:
            raise storage_error(error, out) from error
    return out


def _matrix(run: RunStudy) -> SimilarityMatrix | None:
    """Similarity of takes to prompts; None if the voices cannot be compared, so that the report omits the figure."""
    try:
        return similarity_matrix(run)
    except (InputError, PromptError, BundleError):
        return None
