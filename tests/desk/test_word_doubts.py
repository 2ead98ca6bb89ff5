"""Doubtful words of a run: found at once for a few takes, and by a thread for many."""

import threading
from types import SimpleNamespace

import pyarrow as pa

from hierbatch.desk import word_doubts
from hierbatch.desk.word_doubts import WordDoubts


def run_of(n_takes, doubtful):
    """Snapshot of takes with eight words each; the first word of the doubtful one is far from its text."""
    rows = [
        {
            "id": f"r{number}",
            "take_key": f"{number:032x}",
            "attempt": 1,
            "text": "one two three four five six seven eight",
            "language": "en",
            "word_distances": [0.9 if number == doubtful else 0.1, *[0.1] * 7],
        }
        for number in range(n_takes)
    ]
    table = pa.Table.from_pylist(rows)
    facts = {row["id"]: {"take_key": row["take_key"], "attempt": 1, "status": "ok"} for row in rows}
    takes = SimpleNamespace(
        schema=table.schema,
        rows=lambda ids, names: table.filter(pa.compute.is_in(table["id"], pa.array(ids))).select(names),
    )
    return SimpleNamespace(version=1, facts=facts, takes=takes)


def test_doubts_about_a_few_takes_are_there_at_once():
    found = WordDoubts().doubts(run_of(8, doubtful=3))
    assert found.rows == {"r3"}
    assert abs(found.usual["en"] - 0.1) < 1e-6


def test_many_takes_are_read_by_a_thread_that_reports_its_end(monkeypatch):
    monkeypatch.setattr(word_doubts, "_MAX_AT_ONCE", 4)
    is_read = threading.Event()
    doubts, state = WordDoubts(is_read.set), run_of(30, doubtful=21)
    assert doubts.doubts(state).rows == frozenset()
    assert is_read.wait(60)
    assert doubts.doubts(state).rows == {"r21"}
