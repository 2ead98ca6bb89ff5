"""Progress display: one line updated in place on a terminal, or periodic lines in a log."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING, Self, TextIO

from hierbatch.cli.verbosity import is_quiet

if TYPE_CHECKING:
    from hierbatch.engine.progress import Progress, RunListener

_LOG_EVERY_S = 10.0


class ProgressLine:
    """Progress display on standard error, so that the output of a command can be piped."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._width = 0
        self._last = float("-inf")
        self._line = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def listener(self) -> RunListener:
        """Create the callbacks for a job; with `--quiet`, they print nothing."""
        from hierbatch.engine.progress import RunListener

        if is_quiet():
            return RunListener()
        return RunListener(on_progress=self.progress, on_message=self.notice)

    def progress(self, progress: Progress) -> None:
        """Update the line; a log receives one line every 10 seconds."""
        self._line = progress.line()
        if self._is_terminal:
            self._stream.write("\r" + self._line.ljust(self._width))
            self._stream.flush()
            self._width = len(self._line)
        elif monotonic() - self._last >= _LOG_EVERY_S:
            self._print_line()

    def notice(self, text: str) -> None:
        """Print a message on a line of its own."""
        self.end()
        print(text, file=self._stream, flush=True)

    def end(self) -> None:
        """End the line on a terminal; print the last line to a log."""
        if self._is_terminal and self._width:
            self._stream.write("\n")
            self._width, self._line = 0, ""
        elif self._line:
            self._print_line()

    def _print_line(self) -> None:
        print(self._line, file=self._stream, flush=True)
        self._last, self._line = monotonic(), ""
