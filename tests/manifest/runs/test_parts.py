import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.errors import RunError
from hierbatch.manifest.runs.parts import open_run_file

ROWS = {"timings": [[{"id": "x"}], [], None], "id": ["a", "b", "c"], "take_key": ["k"] * 3, "attempt": [1, 1, 2]}


@pytest.mark.parametrize("name", ["id", "take_key", "attempt"])
def test_a_file_whose_rows_have_no_names_is_refused(tmp_path, name):
    path = tmp_path / "part.parquet"
    pq.write_table(pa.table(ROWS), path)
    with open_run_file(path) as file:
        assert file.metadata.num_rows == 3
    pq.write_table(pa.table({**ROWS, name: pa.array([ROWS[name][0], None, None])}), path)
    with pytest.raises(RunError, match="is not a file of this run") as caught, open_run_file(path):
        pass
    assert (caught.value.expected, caught.value.got) == (f"a value of {name} in each row", "2 rows without one")
