import io

import pytest

from hierbatch.cli.progress import ProgressLine
from hierbatch.engine.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_one_line_renews_itself():
    terminal = Terminal()
    line = ProgressLine(terminal)
    line.progress(Progress(n_rows=100, n_done_before=10, expected_s=1.0))
    line.progress(Progress(n_rows=100, n_done_before=9, expected_s=1.0))
    line.notice("something to know")
    first, renewed = terminal.getvalue().split("\n")[0].split("\r")[1:]
    assert first.startswith("10/100")
    assert renewed.startswith("9/100")
    assert len(renewed) == len(first)  # nothing of the longer line is left standing
    assert terminal.getvalue().endswith("\nsomething to know\n")


def test_in_a_log_a_line_now_and_then_and_the_last(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("hierbatch.cli.progress.monotonic", lambda: now[0])
    log = io.StringIO()
    line = ProgressLine(log)
    for second in range(26):
        now[0] = float(second)
        line.progress(Progress(n_rows=100, n_done_before=second, expected_s=1.0))
    line.end()
    line.end()
    assert [told.split("/")[0] for told in log.getvalue().splitlines()] == ["0", "10", "20", "25"]


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()])
def test_an_empty_report_prints_nothing(stream):
    ProgressLine(stream).end()
    assert stream.getvalue() == ""
