"""A view of a run goes on through passing errors, and reports those that last."""

import logging

from hierbatch.desk import run_view
from hierbatch.desk.run_view import RunView
from tests.desk.small_desk import small_run
from tests.desk.waiting import wait_for


def test_an_error_that_lasts_is_reported_once_and_the_state_before_it_stays(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(run_view, "_PASSING_S", 0.3)
    monkeypatch.setattr(run_view, "_POLL_S", 0.01)
    view = RunView(small_run(tmp_path / "run"))
    record = view.layout.record_file
    with caplog.at_level(logging.ERROR, logger=run_view.__name__):
        content, reads = record.read_bytes(), []
        signature = view._signature
        monkeypatch.setattr(view, "_signature", lambda: (reads.append(1), signature())[1])
        record.unlink()
        wait_for(lambda: caplog.records)
        n_reads = len(reads)
        assert n_reads > 2  # the first errors could be those of a file being replaced
        wait_for(lambda: len(reads) > n_reads + 5)
        assert len(caplog.records) == 1
        assert "is not a run folder" in str(caplog.records[0].exc_info[1])
        assert view.state.version == 1
        record.write_bytes(content)
    view.close()
