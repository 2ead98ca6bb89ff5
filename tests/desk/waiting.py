"""Waiting for what a worker does in the background."""

import time


def wait_for(condition, timeout_s=30):
    end = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()
