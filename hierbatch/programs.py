"""External programs and optional packages; no other module starts a process.

Programs get an argument list, never a shell command line. Standard error goes to a file, so a full pipe cannot block
the program. A timer kills a program that hangs.
"""

from __future__ import annotations

import importlib
import subprocess
import tempfile
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

from hierbatch.errors import ProgramError, SetupError, StorageError

_MAX_STDERR_CHARACTERS = 600
_READ_BLOCK_BYTES = 1 << 18


def ffmpeg_program() -> str:
    """Path of the ffmpeg program that `imageio-ffmpeg` provides; raises ProgramError if there is none."""
    fix = "pip install imageio-ffmpeg"
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise ProgramError("The package imageio-ffmpeg is missing", got=str(error), fix=fix) from error
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise ProgramError("No ffmpeg program was found", got=str(error), fix=fix) from error


def require_package(name: str, *, extra: str) -> ModuleType:
    """Import an optional package; raise ProgramError with the pip command of its extra if it is missing."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ProgramError(
            f"The package {package} is missing", got=str(error), fix=f"pip install 'hierbatch[{extra}]'"
        ) from error


def run_program(arguments: Sequence[str], *, timeout_s: float = 3600.0) -> bytes:
    """Run a program and return its standard output.

    Raises:
        ProgramError: the program is missing, failed, or exceeded `timeout_s` seconds.
        StorageError: the program failed because the disk is full.
    """
    return b"".join(stream_program(arguments, timeout_s=timeout_s))


def stream_program(arguments: Sequence[str], *, timeout_s: float = 24 * 3600.0) -> Generator[bytes]:
    """Run a program and yield its standard output in blocks; raises the errors of `run_program`."""
    with _Running(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout_s=timeout_s) as running:
        stream = running.process.stdout
        assert stream is not None  # because of PIPE above
        while block := stream.read(_READ_BLOCK_BYTES):
            yield block
        running.finish()


def read_messages(arguments: Sequence[str], *, timeout_s: float = 60.0) -> str:
    """Run a program and return its standard error, whatever the exit status.

    Raises:
        ProgramError: the program is missing, or exceeded `timeout_s` seconds.
    """
    with _Running(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout_s=timeout_s) as running:
        return running.messages()


@contextmanager
def feed_program(arguments: Sequence[str], *, timeout_s: float = 24 * 3600.0) -> Iterator[Callable[[bytes], None]]:
    """Start a program and yield a function that writes bytes to its standard input.

    Leaving the block waits for the program to exit; an exception inside the block kills it. Raises the errors of
    `run_program`.
    """
    with _Running(arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, timeout_s=timeout_s) as running:
        stream = running.process.stdin
        assert stream is not None  # because of PIPE above

        def feed(block: bytes) -> None:
            try:
                stream.write(block)
                stream.flush()
            except BrokenPipeError:  # the program exited early: its own error message says more
                running.finish()
                raise

        yield feed
        running.finish()


def pipe_program(
    arguments: Sequence[str], blocks: Iterable[bytes], *, timeout_s: float = 24 * 3600.0
) -> Generator[bytes]:
    """Run a program on a stream of blocks, and yield its output while input is still being written.

    An exception raised by `blocks` ends the output and is raised to the caller. Other errors are those of
    `run_program`.
    """
    failures: list[BaseException] = []
    with _Running(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, timeout_s=timeout_s) as running:
        source, sink = running.process.stdin, running.process.stdout
        assert source is not None  # because of PIPE above
        assert sink is not None

        def feed() -> None:
            try:
                for block in blocks:
                    source.write(block)
                    source.flush()
            except BrokenPipeError:  # the program exited early: its exit status decides
                pass
            except BaseException as error:  # noqa: BLE001 - raised again by the reader
                failures.append(error)
            finally:
                with suppress(BrokenPipeError):
                    source.close()

        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        while block := sink.read1(_READ_BLOCK_BYTES):  # type: ignore[attr-defined]  # a buffered reader
            yield block
        feeder.join()
        if failures:
            raise failures[0]
        running.finish()


class _Running:
    """A started program; leaving the block kills it and closes its files."""

    def __init__(self, arguments: Sequence[str], *, stdin: int, stdout: int, timeout_s: float) -> None:
        self._name = Path(arguments[0]).name
        self._limit_s = timeout_s
        self._timed_out = False
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        try:
            self.process = subprocess.Popen(list(arguments), stdin=stdin, stdout=stdout, stderr=self._stderr)
        except OSError as error:
            self._stderr.close()
            raise ProgramError(f"Cannot start {self._name}", got=str(error), fix="reinstall it") from error
        self._timer = threading.Timer(timeout_s, self._kill_on_timeout)
        self._timer.daemon = True
        self._timer.start()

    def __enter__(self) -> _Running:
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()  # the thread of a cancelled timer takes a moment to end
        self.process.kill()  # no effect on a process that has exited
        self._close_input()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process.wait()
        self._stderr.close()

    def finish(self) -> None:
        """Wait for the program to exit and raise an error if it failed."""
        self._close_input()
        if self.process.wait() != 0:
            raise self._failure()

    def messages(self) -> str:
        """Wait for the program to exit and return its standard error."""
        self.process.wait()
        if self._timed_out:
            raise self._failure()
        self._stderr.seek(0)
        return self._stderr.read().decode("utf-8", "replace").strip()

    def _close_input(self) -> None:
        if self.process.stdin is not None:
            # The program may have exited without reading the buffered bytes; its exit status decides.
            with suppress(BrokenPipeError):
                self.process.stdin.close()

    def _kill_on_timeout(self) -> None:
        self._timed_out = True
        self.process.kill()

    def _failure(self) -> SetupError:
        if self._timed_out:
            return ProgramError(
                f"{self._name} did not finish",
                expected=f"exit within {self._limit_s:g} s",
                fix=f"check the input and the installation of {self._name}",
            )
        message = self.messages()
        if "No space left on device" in message:
            return StorageError(f"{self._name} failed: the disk is full", fix="free some disk space and run again")
        got = message[-_MAX_STDERR_CHARACTERS:] or f"exit status {self.process.returncode}"
        return ProgramError(
            f"{self._name} failed", got=got, fix=f"check the input and the installation of {self._name}"
        )
