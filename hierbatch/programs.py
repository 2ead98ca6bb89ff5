"""Starting other programs: the one file that does; and packages that only some commands need.

Programs get an argument list, never a shell line; their complaints go to a file, so that a full pipe cannot stall
them; a clock ends one that hangs.
"""

from __future__ import annotations

import importlib
import subprocess
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

from hierbatch.errors import ProgramError, SetupError, StorageError

_MAX_COMPLAINT_CHARACTERS = 600
_READ_BLOCK_BYTES = 1 << 18


def ffmpeg_program() -> str:
    """Path of the ffmpeg program that comes inside the `imageio-ffmpeg` wheel."""
    mend = "pip install imageio-ffmpeg"
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise ProgramError("The package imageio-ffmpeg is missing", got=str(error), mend=mend) from error
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise ProgramError("No ffmpeg program was found", got=str(error), mend=mend) from error


def needed_package(name: str, *, extra: str) -> ModuleType:
    """A module of a package that an extra of ours brings; raises ProgramError with the pip line where it is missing."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ProgramError(
            f"The package {package} is missing", got=str(error), mend=f"pip install 'hierbatch[{extra}]'"
        ) from error


def run_program(arguments: Sequence[str], *, limit_s: float = 3600.0) -> bytes:
    """What a program prints to its standard output.

    Raises:
        ProgramError: it is missing, failed, or ran past `limit_s`.
        StorageError: it failed because the disk is full.
    """
    return b"".join(stream_program(arguments, limit_s=limit_s))


def stream_program(arguments: Sequence[str], *, limit_s: float = 24 * 3600.0) -> Generator[bytes]:
    """The same in blocks, as they come; raises after the last block if the program failed."""
    with _Running(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, limit_s=limit_s) as running:
        stream = running.process.stdout
        assert stream is not None  # asked for above
        while block := stream.read(_READ_BLOCK_BYTES):
            yield block
        running.finish()


@contextmanager
def feed_program(arguments: Sequence[str], *, limit_s: float = 24 * 3600.0) -> Iterator[Callable[[bytes], None]]:
    """A function that hands bytes to a program's standard input; leaving the block waits for the program to end.

    An error inside the block ends the program. Raises as `run_program`.
    """
    with _Running(arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, limit_s=limit_s) as running:
        stream = running.process.stdin
        assert stream is not None  # asked for above

        def feed(block: bytes) -> None:
            try:
                stream.write(block)
            except BrokenPipeError:  # it died: its own complaint says more than ours
                running.finish()
                raise

        yield feed
        running.finish()


class _Running:
    """One started program; leaving the block leaves nothing of it behind."""

    def __init__(self, arguments: Sequence[str], *, stdin: int, stdout: int, limit_s: float) -> None:
        self._name = Path(arguments[0]).name
        self._limit_s = limit_s
        self._is_late = False
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        try:
            self.process = subprocess.Popen(list(arguments), stdin=stdin, stdout=stdout, stderr=self._complaints)
        except OSError as error:
            self._complaints.close()
            raise ProgramError(f"Cannot start {self._name}", got=str(error), mend="reinstall it") from error
        self._clock = threading.Timer(limit_s, self._end_late)
        self._clock.daemon = True
        self._clock.start()

    def __enter__(self) -> _Running:
        return self

    def __exit__(self, *_: object) -> None:
        self._clock.cancel()
        self._clock.join()  # a cancelled clock's thread takes a moment to end, and nothing stays behind
        self.process.kill()  # without effect on one that has ended
        self._close_input()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process.wait()
        self._complaints.close()

    def finish(self) -> None:
        """Wait for the end; raise if it was not a good one."""
        self._close_input()
        if self.process.wait() != 0:
            raise self._failure()

    def _close_input(self) -> None:
        if self.process.stdin is not None:
            # What was still buffered may find nobody to read it: the exit status tells.
            with suppress(BrokenPipeError):
                self.process.stdin.close()

    def _end_late(self) -> None:
        self._is_late = True
        self.process.kill()

    def _failure(self) -> SetupError:
        if self._is_late:
            return ProgramError(f"{self._name} did not end", wanted=f"an end within {self._limit_s:g} s")
        self._complaints.seek(0)
        said = self._complaints.read().decode("utf-8", "replace").strip()
        if "No space left on device" in said:
            return StorageError(f"{self._name} found the disk full", mend="free some space, then run again")
        got = said[-_MAX_COMPLAINT_CHARACTERS:] or f"exit status {self.process.returncode}"
        return ProgramError(f"{self._name} failed", got=got)
