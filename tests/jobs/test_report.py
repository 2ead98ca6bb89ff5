import re

import pytest

from hierbatch.errors import InputError, RunError
from hierbatch.jobs.report import ReportJob, write_report
from tests.delivery.book_run import book_rows, write_run
from tests.tiny_runs import FIRST


def test_a_report_is_written_with_the_voices_compared(tmp_path):
    path = write_report(ReportJob(run=FIRST, out=tmp_path / "deep" / "report.html"))
    page = path.read_text(encoding="utf-8")
    assert path == tmp_path / "deep" / "report.html"
    assert re.search("[23] of 3 voices are nearest to their own prompt", page)  # two of them are alike


def test_it_is_in_the_run_by_default_and_is_not_overwritten(tmp_path):
    run = write_run(tmp_path / "r", book_rows(1, 2))
    path = write_report(ReportJob(run=run))
    assert path == run / "export" / "report.html"
    path.write_text("mine")
    with pytest.raises(InputError, match=r"already exists.*--overwrite"):
        write_report(ReportJob(run=run))
    assert path.read_text() == "mine"
    write_report(ReportJob(run=run, overwrite=True))
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_folder_without_a_run_is_reported(tmp_path):
    with pytest.raises(RunError, match="no plan"):
        write_report(ReportJob(run=tmp_path))
    assert list(tmp_path.iterdir()) == []
