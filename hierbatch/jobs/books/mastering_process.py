"""Process that masters the chapters of a book during the synthesis, at a low priority.

The driver starts the process, and sends it the job on standard input, then a line once the synthesis has ended. If the
input ends without this line, the process exits, so that it does not outlive a driver that is killed.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

from hierbatch.engine.progress import Progress, RunListener
from hierbatch.errors import HierbatchError
from hierbatch.jobs.books.book_job import BookJob
from hierbatch.object_path import is_remote
from hierbatch.pandas_import import keep_pandas_unloaded
from hierbatch.programs import feed_program

_MIN_SOUND_S = 120.0
"""Minimum expected seconds of audio that are still to be synthesized when the process is started; with less, the
process would not save time."""
_NICENESS = 10
_END_OF_SYNTHESIS = b"synthesized\n"
_TIMEOUT_S = 60 * 24 * 3600.0


class MasteringProcess:
    """Control of the mastering process by the driver.

    The process is started when the run first reports progress, if enough audio remains to be synthesized.

    Args:
        job: book to make; for a remote run, a bandwidth extension or a watermark, no process is started.
        listener: run listener that receives messages on failures, and the events of the synthesis.
    """

    def __init__(self, job: BookJob, listener: RunListener) -> None:
        self._job, self._listener = job, listener
        self._stack = ExitStack()
        self._feed: Callable[[bytes], None] | None = None
        uses_network = job.delivery.full_band or job.delivery.watermark  # it would compete with the workers
        self._is_wanted = not (uses_network or is_remote(job.run))
        self.listener = replace(listener, on_progress=self._on_progress)
        """Run listener for the synthesis; it starts the process, and passes all events on to the given listener."""

    def finish(self) -> None:
        """Wait until all chapters are made; a failure is only reported, since `make_book` makes missing chapters."""
        if self._feed is None:
            return
        self._listener.on_message("Mastering")
        with self._failure_as_message():
            self._feed(_END_OF_SYNTHESIS)
            self._stack.close()

    def stop(self) -> None:
        """End the process at once."""
        with suppress(HierbatchError):
            self._stack.close()  # its input ends, and with it the process

    def _on_progress(self, progress: Progress) -> None:
        if self._is_wanted and progress.remaining_sound_s >= _MIN_SOUND_S:
            with self._failure_as_message():
                program = [sys.executable, "-m", "hierbatch.jobs.books.mastering_process"]
                feed = self._stack.enter_context(feed_program(program, timeout_s=_TIMEOUT_S))
                feed(pickle.dumps(self._job))
                self._feed = feed
        self._is_wanted = False
        self._listener.on_progress(progress)

    @contextmanager
    def _failure_as_message(self) -> Iterator[None]:
        try:
            yield
        except HierbatchError as error:
            self._listener.on_message(f"Mastering beside the synthesis failed: {error}")


@contextmanager
def mastering_process(job: BookJob, listener: RunListener) -> Iterator[MasteringProcess]:
    """Context in which a separate process masters chapters during the synthesis; the process ends with the context."""
    process = MasteringProcess(job, listener)
    try:
        yield process
    finally:
        process.stop()


def main() -> None:
    """Run as the mastering process: read the job from standard input, and make chapters as they become ready."""
    os.setpgid(0, 0)  # the driver decides on an interrupt, and the encoders have the same priority
    niceness = os.nice(0)
    os.nice(_NICENESS)
    os.environ["OMP_NUM_THREADS"] = "1"  # each chapter has a thread
    job: BookJob = pickle.load(sys.stdin.buffer)
    is_synthesized = threading.Event()

    def wait_for_end() -> None:
        if sys.stdin.buffer.readline() != _END_OF_SYNTHESIS:
            os._exit(1)
        with suppress(PermissionError):  # the workers are gone; only root may raise a priority
            os.setpriority(os.PRIO_PGRP, 0, niceness)
        is_synthesized.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    keep_pandas_unloaded()
    from hierbatch.jobs.books.book_ahead import make_ahead  # after the number of threads is set

    make_ahead(job, is_synthesized.is_set)


if __name__ == "__main__":
    main()
