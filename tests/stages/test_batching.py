import pytest
import torch

from hierbatch.errors import OutOfMemoryError, StorageError
from hierbatch.stages.batching import BatchLimits, BatchProcessor, is_out_of_memory


class Model:
    """Doubles numbers; a number is its own length. Memory holds `room`, each row as long as the longest."""

    def __init__(self, room=float("inf"), bad=(), raises=ZeroDivisionError):
        self.room, self.bad, self.raises, self.batches = room, set(bad), raises, []

    def make(self, rows):
        self.batches.append(list(rows))
        if len(rows) * max(rows) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        if self.bad & set(rows):
            raise self.raises("bad")
        return [2 * row for row in rows]

    def work(self, batches, rows):
        return sorted(batches.work(rows, lambda row: float(row), self.make, lambda row, error: (row, error)), key=str)


def test_rows_of_a_length_go_together_within_both_limits():
    model, batches = Model(), BatchProcessor(BatchLimits(n_rows=3, sound_s=20.0))
    model.work(batches, [9, 1, 2, 8, 3, 4, 30])
    assert model.batches == [[1, 2, 3], [4, 8], [9], [30]]


def test_a_batch_that_does_not_fit_is_halved_and_the_safe_size_is_remembered():
    model, batches = Model(room=25), BatchProcessor(BatchLimits(n_rows=16, sound_s=100.0))
    assert model.work(batches, [10] * 8) == [20] * 8
    assert [len(batch) for batch in model.batches] == [8, 4, 2, 2, 2, 2]
    model.batches.clear()
    assert model.work(batches, [10] * 6) == [20] * 6
    assert [len(batch) for batch in model.batches] == [2, 2, 2]  # nothing is tried that has failed before
    model.batches.clear()
    model.work(batches, [1] * 16)
    assert [len(batch) for batch in model.batches] == [16]  # what is short goes together as before


def test_rows_without_a_length_are_halved_by_number():
    batches, n_rows = BatchProcessor(BatchLimits(n_rows=16)), []

    def make(rows):
        n_rows.append(len(rows))
        if len(rows) > 3:
            raise MemoryError
        return rows

    assert len(list(batches.work([0] * 8, lambda row: 0.0, make, lambda row, error: error))) == 8
    assert n_rows == [8, 4, 2, 2, 2, 2]


def test_a_row_too_large_alone_fails_in_our_words_and_shrinks_nothing_for_others():
    model, batches = Model(room=25), BatchProcessor(BatchLimits(n_rows=2, sound_s=1000.0))
    *made, (row, error) = sorted(model.work(batches, [40, 10, 10]), key=lambda entry: isinstance(entry, tuple))
    assert made == [20, 20]
    assert row == 40
    assert isinstance(error, OutOfMemoryError)
    assert "even in a batch of one" in str(error)


def test_the_error_keeps_no_hold_of_the_batch():
    model, batches = Model(bad=[3]), BatchProcessor(BatchLimits())
    (error,) = [entry[1] for entry in model.work(batches, [1, 2, 3]) if isinstance(entry, tuple)]
    assert error.__traceback__ is None


def test_a_row_that_raises_fails_alone():
    model, batches = Model(bad=[3]), BatchProcessor(BatchLimits())
    made = model.work(batches, [1, 2, 3, 4])
    assert [entry for entry in made if not isinstance(entry, tuple)] == [2, 4, 8]
    assert model.batches == [[1, 2, 3, 4], [1], [2], [3], [4]]


@pytest.mark.parametrize("rows", [[3], [1, 2, 3]])
def test_an_error_of_the_setup_is_no_rows_fault(rows):
    with pytest.raises(StorageError):
        Model(bad=[3], raises=StorageError).work(BatchProcessor(BatchLimits()), rows)


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_being_short_of_memory_is_known_from_other_errors(error, answer):
    assert is_out_of_memory(error) is answer


def test_the_allocator_of_the_cpu_speaks_the_words_we_know():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)
