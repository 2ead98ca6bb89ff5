"""Process that masters the chapters of a book beside its synthesis, at a low priority.

The driver starts it when chapters become ready, sends it the job on standard input, and a line when the synthesis has
ended. It ends at the end of its input: it does not outlive a driver that is killed.
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
from hierbatch.jobs.book_job import BookJob
from hierbatch.object_path import is_remote
from hierbatch.programs import feed_program

_MIN_SOUND_S = 120.0
"""Expected audio of a run below which mastering beside it would not repay the start of the process."""
_NICENESS = 10
_END_OF_SYNTHESIS = b"synthesized\n"
_TIMEOUT_S = 60 * 24 * 3600.0


class MasteringProcess:
    """Handle of the driver. The process is started by the first progress of a run that is long enough.

    Args:
        job: the book.
        listener: receives failures.
    """

    def __init__(self, job: BookJob, listener: RunListener) -> None:
        self._job, self._listener = job, listener
        self._stack = ExitStack()
        self._feed: Callable[[bytes], None] | None = None
        uses_network = job.delivery.full_band or job.delivery.watermark  # it would compete with the workers
        self._is_wanted = not (uses_network or is_remote(job.run))
        self.listener = replace(listener, on_progress=self._on_progress)
        """Listener of the synthesis."""

    def finish(self) -> None:
        """Wait until the chapters are made; a failure is reported, and what is missing is left to `make_book`."""
        if self._feed is None:
            return
        self._listener.on_message("Mastering")
        with self._failure_as_message():
            self._feed(_END_OF_SYNTHESIS)
            self._stack.close()

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        with suppress(HierbatchError):
            self._stack.close()  # its input ends, and with it the process

    def _on_progress(self, progress: Progress) -> None:
        if self._is_wanted and progress.remaining_sound_s >= _MIN_SOUND_S:
            with self._failure_as_message():
                program = [sys.executable, "-m", "hierbatch.jobs.mastering_process"]
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
    """Master ready chapters beside the synthesis of their book; leaving the block ends the process."""
    process = MasteringProcess(job, listener)
    try:
        yield process
    finally:
        process.stop()


def main() -> None:
    """Work as the process: read the job and make what is ready."""
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
    from hierbatch.jobs.book_ahead import make_ahead  # after the number of threads is set

    make_ahead(job, is_synthesized.is_set)


if __name__ == "__main__":
    main()
