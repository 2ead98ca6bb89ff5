"""Hugging Face `datasets`: Parquet shards of each split, with the Audio feature; the card maps shards to splits."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.delivery.corpora.tagged_audio import tag_flac
from hierbatch.delivery.corpora.utterances import DEFAULT_DELIVERY, MEASURES, CorpusUtterance
from hierbatch.manifest.columns.column import Column
from hierbatch.manifest.columns.schema import AUDIO, AUDIO_ROW_GROUP, MANIFEST_COLUMNS, TAKE_COLUMNS, arrow_schema

_SHARD_ROWS, _SHARD_BYTES = 20_000, 400 << 20
"""Limits of a shard: rows and bytes. The limit on rows bounds the metadata that the Parquet writer keeps in memory."""

_WORD = pa.struct([("text", pa.string()), ("start_s", pa.float32()), ("end_s", pa.float32())])
_KNOWN = {column.name: column for column in (*MANIFEST_COLUMNS, *TAKE_COLUMNS)}
_TEXTS = (
    "id", "text", "text_norm", "phonemes", "language", "speaker", "voice", "consent", "consent_ref", "license",
    "text_license", "model", "hierbatch_version",
)  # fmt: skip
SCHEMA = arrow_schema(
    [
        Column("audio", AUDIO, "Audio as FLAC."),
        *(Column(name, pa.string(), "") for name in _TEXTS),
        Column("synthetic", pa.bool_(), ""),
        Column("sample_rate_hz", pa.int32(), ""),
        Column("n_samples", pa.int64(), ""),
        Column("duration_s", pa.float64(), ""),
        Column("words", pa.list_(_WORD), ""),
        *(_KNOWN[name] for name in (*DEFAULT_DELIVERY, *MEASURES)),
    ],
    "export",
)


class HuggingFaceWriter:
    """Writer of `data/SPLIT-00000.parquet` and the shards that follow."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "data"
        self._shards: dict[str, _Shards] = defaultdict(lambda: _Shards(self._folder))

    def __enter__(self) -> Self:
        self._folder.mkdir()
        return self

    def __exit__(self, *error: object) -> None:
        for shards in self._shards.values():
            shards.close()

    def add(self, utterance: CorpusUtterance) -> None:
        """Append an utterance to the current shard of its split; raises OSError."""
        row: dict[str, Any] = {name: getattr(utterance, name) for name in _TEXTS}
        row |= {name: getattr(utterance, name) for name in ("synthetic", "sample_rate_hz", "n_samples", "duration_s")}
        row |= {**utterance.delivery, **utterance.measures}
        row["words"] = [{"text": w.text, "start_s": w.start_s, "end_s": w.end_s} for w in utterance.words]
        flac = tag_flac(utterance.flac, utterance.synthetic_notice)
        row["audio"] = {"bytes": flac, "path": f"{utterance.id}.flac"}
        self._shards[utterance.split].add(utterance.split, row, len(flac))


class _Shards:
    """Parquet shards of one split; at most one row group is in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: list[dict[str, Any]] = []
        self._writer: pq.ParquetWriter | None = None
        self._schema = SCHEMA
        self._n_files = self._n_rows = self._n_bytes = 0

    def add(self, split: str, row: dict[str, Any], n_bytes: int) -> None:
        if self._writer is None:
            added = [pa.field(name, pa.float64()) for name in row if name not in SCHEMA.names]
            self._schema = pa.schema([*SCHEMA, *added], metadata=SCHEMA.metadata)
            path = self._folder / f"{split}-{self._n_files:05d}.parquet"
            self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
            self._n_files += 1
        self._rows.append(row)
        self._n_rows += 1
        self._n_bytes += n_bytes
        if len(self._rows) == AUDIO_ROW_GROUP:
            self._flush()
            if self._n_rows >= _SHARD_ROWS or self._n_bytes >= _SHARD_BYTES:
                self.close()

    def close(self) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()
        self._writer, self._n_rows, self._n_bytes = None, 0, 0

    def _flush(self) -> None:
        if self._rows and self._writer is not None:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._rows = []
