import subprocess
import sys

_SCRIPT = """
import sys
from hierbatch.pandas_import import keep_pandas_unloaded

keep_pandas_unloaded()
import pyarrow as pa
import pyarrow.compute as pc

assert pc.equal(pa.array(["a", None]), "a").to_pylist() == [True, None]
assert pa.array(range(3)).to_pylist() == [0, 1, 2]
assert "pandas" not in sys.modules
import pandas as pd

assert list(pd.Series([1, 2])) == [1, 2]
"""


def test_lists_are_converted_without_pandas_which_can_be_imported_later():
    subprocess.run([sys.executable, "-c", _SCRIPT], check=True)
