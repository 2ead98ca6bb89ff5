"""Manifests that hold their recordings themselves."""

import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.manifest.columns.schema import AUDIO
from tests.making import prompt_file


def padded(path, n_bytes):
    """A WAV file's bytes, made large by a chunk that no reader looks into: long to carry, quick to work."""
    content = path.read_bytes()
    whole = content[:12] + b"JUNK" + n_bytes.to_bytes(4, "little") + bytes(n_bytes) + content[12:]
    return whole[:4] + (len(whole) - 8).to_bytes(4, "little") + whole[8:]


def embedded(folder, n_rows, n_bytes, name="m.parquet", seeds=None):
    """Recordings r0, r1, ... that lie in their manifest, each of another length."""
    recordings = [prompt_file(folder, 0.2 + 0.01 * i, name=f"s{i}.wav") for i in range(5)]
    contents = [padded(path, n_bytes) for path in recordings]
    schema = pa.schema([("id", pa.string()), ("source", AUDIO), ("seed", pa.int64())])
    with pq.ParquetWriter(folder / name, schema) as writer:
        for i in range(n_rows):
            source = {"bytes": contents[i % 5], "path": None if i % 2 else f"s{i}.wav"}
            writer.write_table(pa.table([[f"r{i}"], [source], [(seeds or {}).get(i)]], schema=schema))
    return folder / name
