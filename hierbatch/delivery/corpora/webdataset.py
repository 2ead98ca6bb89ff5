"""WebDataset: tar shards of each split; each utterance is a FLAC, a text and a JSON file under one key."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any, Self

from hierbatch.delivery.corpora.lines import json_line
from hierbatch.delivery.corpora.tagged_audio import tag_flac
from hierbatch.delivery.corpora.utterances import CorpusUtterance

_SHARD_ROWS, _SHARD_BYTES = 1000, 400 << 20


class WebDatasetWriter:
    """Writer of `SPLIT-000000.tar` and further shards; readers take a pattern such as `train-{000000..000012}.tar`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shards: dict[str, _Shards] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for shards in self._shards.values():
            shards.close()

    def add(self, utterance: CorpusUtterance) -> None:
        """Append an utterance to the current shard of its split; raises OSError."""
        # A key ends at its first dot.
        key = utterance.id.replace("%", "%25").replace(".", "%2E")
        members = {
            "flac": tag_flac(utterance.flac, utterance.synthetic_notice),
            "json": json_line(_metadata(utterance)).encode(),
            "txt": utterance.text.encode(),
        }
        shards = self._shards.setdefault(utterance.split, _Shards(self._folder, utterance.split))
        shards.add(key, members)


class _Shards:
    """Tar shards of one split."""

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
            entry = tarfile.TarInfo(f"{key}.{suffix}")  # neither time nor owner, so that equal corpora give equal bytes
            entry.size = len(content)
            self._tar.addfile(entry, io.BytesIO(content))
            self._n_bytes += len(content)
        self._tar.members = []  # type: ignore[attr-defined]  # the list of members only grows, and writing does not need it
        self._n_rows += 1
        if self._n_rows == _SHARD_ROWS or self._n_bytes >= _SHARD_BYTES:
            self.close()

    def close(self) -> None:
        if self._tar is not None:
            self._tar.close()
        self._tar, self._n_rows, self._n_bytes = None, 0, 0


def _metadata(utterance: CorpusUtterance) -> dict[str, Any]:
    return {
        "id": utterance.id,
        "text": utterance.text,
        "text_norm": utterance.text_norm,
        "phonemes": utterance.phonemes,
        "language": utterance.language,
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
