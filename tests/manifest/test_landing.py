import errno
import os
import subprocess
import sys

import pytest

from hierbatch.errors import StorageError
from hierbatch.manifest.landing import land_json, landing


def test_a_failed_block_leaves_what_was_there(tmp_path):
    target = tmp_path / "a.json"
    land_json({"n": 1}, target)
    with pytest.raises(ValueError, match="stop"), landing(target) as aside:
        aside.write_text("half")
        raise ValueError("stop")
    assert target.read_text() == '{\n  "n": 1\n}\n'
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_full_disk_is_a_storage_error_with_the_systems_words(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        land_json({}, tmp_path / "a.json")
    assert os.listdir(tmp_path) == []


def test_a_file_over_the_systems_limit_leaves_nothing_torn(tmp_path):
    script = f"""
import resource, pathlib, pyarrow as pa
from hierbatch.errors import StorageError
from hierbatch.manifest.store import write_table
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
table = pa.table({{"noise": [__import__("os").urandom(50_000)]}})
try:
    write_table([table], table.schema, pathlib.Path({str(tmp_path / "big.parquet")!r}))
except StorageError as error:
    print("stopped:", error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("stopped:"), done.stderr
    assert os.listdir(tmp_path) == []
