import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hierbatch.manifest.tables import repeated_names as module
from hierbatch.manifest.tables.repeated_names import repeated_names

NAMES = st.lists(st.none() | st.text(alphabet="abä0", max_size=4), max_size=60)


@given(NAMES, st.integers(0, 60))
def test_repeated_names_are_those_that_counting_finds(names, cut):
    tables = [pa.chunked_array([pa.array(part, pa.string())]) for part in (names[:cut], names[cut:])]
    expected = {name for name in names if name is not None and names.count(name) > 1}
    n_repeated, found = repeated_names(lambda: tables)
    assert n_repeated == len(expected)
    assert set(found.to_pylist()) == expected


def test_names_with_equal_hashes_are_distinguished(monkeypatch):
    tables = [pa.chunked_array([["a", "b", "c", "b"]])]
    monkeypatch.setattr(module, "_hash", lambda names: (names, module.np.zeros(len(names), module.np.uint64)))
    assert repeated_names(lambda: tables) == (1, pa.array(["b"]))


@pytest.mark.parametrize("width", [1, 9])
def test_many_names_have_no_repetition_but_those_put_in(width):
    names = pa.array([f"{number:0{width}d}" for number in range(300_000)])
    extra = names.slice(1000, 3)
    n_repeated, found = repeated_names(lambda: [pa.chunked_array([names]), pa.chunked_array([extra])])
    assert (n_repeated, set(found.to_pylist())) == (3, set(extra.to_pylist()))
