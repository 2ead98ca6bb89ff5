import threading

import pytest

from hierbatch.delivery.threads import map_ahead


def test_results_come_in_order_and_few_wait():
    started, consumed = [], []
    lock = threading.Lock()

    def square(n):
        with lock:
            started.append(n)
        return n * n

    for result in map_ahead(square, range(20), n_threads=2):
        consumed.append(result)
        assert len(started) <= len(consumed) + 3
    assert consumed == [n * n for n in range(20)]


def test_an_error_starts_no_further_item():
    started = []

    def fail_at_one(n):
        started.append(n)
        if n == 1:
            raise ValueError("one")
        return n

    with pytest.raises(ValueError, match="one"):
        list(map_ahead(fail_at_one, range(100), n_threads=2))
    assert len(started) < 10
