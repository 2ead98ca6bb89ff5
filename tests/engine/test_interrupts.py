import os
import signal
import threading

import pytest

from hierbatch.engine.interrupts import stop_on_signals


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


def test_outside_the_main_thread_nobody_ever_asks():
    answers = []

    def ask():
        with stop_on_signals() as is_stopping:
            answers.append(is_stopping())

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert answers == [False]
