"""Takes requested at the review desk, made by a thread that keeps the model loaded, or by the driver of the run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hierbatch.engine.run_folder import RunFolder, is_locked
from hierbatch.errors import HierbatchError, RunError, SetupError
from hierbatch.jobs.respeak import Respeaker
from hierbatch.manifest.decisions.take_requests import TakeRequest, append_request, read_requests, waiting_requests
from hierbatch.models.catalog.model_choice import DeviceChoice

_RETRY_S = 0.1
"""Delay before the next attempt while a driver works on the run; the driver makes the takes itself."""


class RespeakThread:
    """Thread that makes requested takes while no driver works on the run."""

    def __init__(self, run: Path, device: DeviceChoice, on_change: Callable[[], None] = lambda: None) -> None:
        """Create the thread; `start` starts it.

        Args:
            run: run folder.
            device: device of the model.
            on_change: function that is called after each request and each committed take.
        """
        self._run, self._on_change = run, on_change
        self._respeaker = Respeaker(run, device, on_take=on_change)
        self._wake, self._is_closed = threading.Event(), False
        self._error = ""
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="respeak", daemon=True)

    @property
    def error(self) -> str:
        """Message of the latest error if takes cannot be made; otherwise empty."""
        return self._error

    def start(self) -> None:
        """Load the model in the background, so that the first request does not wait for it."""
        with self._guard:
            if not self._thread.ident:
                self._thread.start()

    def request(self, *requests: TakeRequest) -> None:
        """Append requests to the run, and wake the thread to answer them; raises StorageError."""
        for request in requests:
            append_request(self._run, request)
        self._on_change()
        self.start()
        self._wake.set()

    def close(self) -> None:
        """Stop the thread after the takes in progress."""
        self._is_closed = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def _work(self) -> None:
        with suppress(HierbatchError):  # the first request reports it
            if not is_locked(RunFolder(self._run)):
                self._respeaker.load(lambda: self._is_closed)
        while not self._is_closed:
            is_waiting = self._answer()
            self._wake.wait(_RETRY_S if is_waiting else None)
            self._wake.clear()

    def _answer(self) -> bool:
        """Make the takes of waiting requests; return True if requests wait for a driver that works on the run."""
        try:
            if not waiting_requests(read_requests(self._run).values()):
                return False
            if is_locked(RunFolder(self._run)):
                return True
            self._respeaker.answer_waiting()
        except RunError as error:
            if is_locked(RunFolder(self._run)):  # a driver was faster
                return True
            self._error = str(error)
        except SetupError as error:
            self._error = str(error)
        except Exception as error:  # noqa: BLE001 - the desk goes on without new takes, and shows the reason
            self._error = f"The takes could not be made: {type(error).__name__}: {error}"
        else:
            self._error = ""
        return False
