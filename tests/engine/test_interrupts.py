import os
import signal
import subprocess
import sys
import threading
from subprocess import PIPE

import pytest

from hierbatch.engine.interrupts import preserve_sigterm_handler, sigterm_as_interrupt, stop_on_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_a_request_and_the_second_ends(number):
    before = signal.getsignal(number)
    with stop_on_signals() as is_stopping:
        assert not is_stopping()
        os.kill(os.getpid(), number)
        assert is_stopping()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_outside_the_main_thread_no_stop_is_requested():
    answers = []

    def ask():
        with stop_on_signals() as is_stopping:
            answers.append(is_stopping())

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert answers == [False]


@pytest.fixture
def sigterm_is_nobodys():
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGTERM, before)


def test_sigterm_ends_a_command_as_ctrl_c_does_and_is_given_back(sigterm_is_nobodys):
    with pytest.raises(KeyboardInterrupt), sigterm_as_interrupt():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_who_ignores_sigterm_is_not_ended_by_it(sigterm_is_nobodys):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with sigterm_as_interrupt():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN


HANGING = """
import ctypes, signal, time
from hierbatch.engine.interrupts import sigterm_as_interrupt, stop_on_signals
signal.signal(signal.SIGINT, signal.default_int_handler)  # where tests run in the background it may be ignored
with sigterm_as_interrupt(exit_within_s=0.3):
    try:
        {begun}
    except KeyboardInterrupt:
        {cleared}
"""

HOLDS_THE_INTERPRETER = "ctypes.PyDLL(None).usleep(50_000_000)"

AT_ONCE = """
        print("ready", flush=True)
        for _ in range(5000):  # not one sleep: a signal right before it would be heard after it
            time.sleep(0.01)
"""

ASKED_FIRST = """
        with stop_on_signals() as is_stopping:
            print("ready", flush=True)
            while not is_stopping():
                time.sleep(0.01)
            print("asked", flush=True)
            for _ in range(5000):
                time.sleep(0.01)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("begun", [AT_ONCE, ASKED_FIRST])
@pytest.mark.parametrize("cleared", ["time.sleep(50)", HOLDS_THE_INTERPRETER, "pass"])
def test_a_process_that_was_ordered_to_end_does_so_whatever_hangs(number, begun, cleared):
    script = HANGING.format(begun=begun, cleared=cleared)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=PIPE, stderr=PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    if begun == ASKED_FIRST:
        assert process.stdout.readline() == "asked\n"
        process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == (0 if cleared == "pass" else 1)
    assert ("Timeout" in said) is (cleared != "pass")


def exit_for_sigterm(number, frame):
    """How Ray takes SIGTERM in a driver."""
    raise SystemExit(number)


def test_a_librarys_sigterm_handler_is_replaced_and_restored(sigterm_is_nobodys):
    with sigterm_as_interrupt():
        with preserve_sigterm_handler():
            signal.signal(signal.SIGTERM, exit_for_sigterm)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt), preserve_sigterm_handler():  # while the library is about to start
            exit_for_sigterm(signal.SIGTERM, None)
    with preserve_sigterm_handler():
        signal.signal(signal.SIGTERM, exit_for_sigterm)
    assert signal.getsignal(signal.SIGTERM) is exit_for_sigterm
