"""WebDataset: tar shards a split, of every utterance a FLAC, its text and its facts as JSON under one key."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any, Self

from hierbatch.export.corpora.lines import json_line
from hierbatch.export.corpora.sounds import marked_flac
from hierbatch.export.corpora.utterances import CorpusUtterance

_SHARD_ROWS, _SHARD_BYTES = 1000, 400 << 20


class WebDatasetWriter:
    """Writes `SPLIT-000000.tar`, ... ; a reader opens them by `train-{000000..000012}.tar`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shards: dict[str, _Shards] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        for shards in self._shards.values():
            shards.close()

    def add(self, utterance: CorpusUtterance) -> None:
        # A key ends at its first dot.
        key = utterance.id.replace("%", "%25").replace(".", "%2E")
        members = {
            "flac": marked_flac(utterance.flac, utterance.mark),
            "json": json_line(_facts(utterance)).encode(),
            "txt": utterance.text.encode(),
        }
        shards = self._shards.setdefault(utterance.split, _Shards(self._folder, utterance.split))
        shards.add(key, members)


class _Shards:
    def __init__(self, folder: Path, split: str) -> None:
        self._folder, self._split = folder, split
        self._tar: tarfile.TarFile | None = None
        self._n_files = self._n_rows = self._n_bytes = 0

    def add(self, key: str, members: dict[str, bytes]) -> None:
        if self._tar is None:
            path = self._folder / f"{self._split}-{self._n_files:06d}.tar"
            self._tar = tarfile.open(path, "w", format=tarfile.GNU_FORMAT)  # noqa: SIM115 - open until it is full
            self._n_files += 1
        for suffix, content in members.items():
            entry = tarfile.TarInfo(f"{key}.{suffix}")  # neither time nor owner: the same corpus is the same bytes
            entry.size = len(content)
            self._tar.addfile(entry, io.BytesIO(content))
            self._n_bytes += len(content)
        self._tar.members = []  # type: ignore[attr-defined]  # it remembers every member, and needs none
        self._n_rows += 1
        if self._n_rows == _SHARD_ROWS or self._n_bytes >= _SHARD_BYTES:
            self.close()

    def close(self) -> None:
        if self._tar is not None:
            self._tar.close()
        self._tar, self._n_rows, self._n_bytes = None, 0, 0


def _facts(utterance: CorpusUtterance) -> dict[str, Any]:
    return {
        "id": utterance.id,
        "text": utterance.text,
        "text_norm": utterance.text_norm,
        "phonemes": utterance.phonemes,
        "lang": utterance.lang,
        "speaker": utterance.speaker,
        "voice": utterance.voice,
        "sample_rate_hz": utterance.sample_rate_hz,
        "n_samples": utterance.n_samples,
        "duration_s": utterance.duration_s,
        "words": [{"text": w.text, "start_s": w.start_s, "end_s": w.end_s} for w in utterance.words],
        **utterance.provenance(),
        **utterance.delivery,
        **utterance.measures,
    }
