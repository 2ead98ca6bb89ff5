"""Prepared data set: flat memory-mapped arrays in shards.

    PREPARED/
      prepared.json              features, pitch tracker (`hierbatch.training.prepared_settings`)
      projection.safetensors     projection of a teacher's features to semantic vectors, if a teacher was used
      <shard>/                   written to a temporary folder, then renamed
        index.parquet            one row per utterance, with its offset in the arrays
        audio.i16                samples at 16 kHz
        semantic.f16             content features, 50 vectors/s
        f0.f32                   F0 in Hz every 10 ms, 0 where unvoiced
        f0_fine.f32              F0 every 5 ms, if requested
      alignment.parquet          frames of each phoneme token, for the whole set
      rejected.jsonl             id and reason of each row that was left out

Legend: T frames (50/s), C channels. An utterance has 320 T samples, T x C semantic values, 2 T values of F0 every 10 ms
and 4 T values of F0 every 5 ms.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.constants import FRAME_HOP_SAMPLES, MELS_PER_FRAME
from hierbatch.errors import InputError
from hierbatch.training.prepared_settings import PreparedSettings, read_settings
from hierbatch.training.splits import Split, split_of

_ALIGNMENT = "alignment.parquet"

INDEX_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("speaker", pa.string()),
        ("language", pa.string()),
        ("text", pa.string()),
        ("text_norm", pa.string()),
        ("phonemes", pa.string()),
        ("n_frames", pa.int32()),
        ("first_frame", pa.int64()),
        ("snr_db", pa.float32()),
    ]
)

FINE_F0_PER_FRAME = 4
"""Number of F0 values per content frame in `f0_fine.f32`."""
_HELD_OUT_SHARE = 20
"""Number of utterances of which one is held out, if no speaker is held out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedUtterance:
    """Recording of the prepared set; `phonemes` is empty without a usable transcript."""

    id: str
    speaker: str
    language: str
    phonemes: str
    n_frames: int
    first_frame: int
    shard: int

    @property
    def split(self) -> Split:
        """Split of the speaker."""
        return split_of(self.speaker)


@dataclass(frozen=True, slots=True)
class _Shard:
    """Arrays of one shard, memory-mapped from disk."""

    audio: npt.NDArray[np.int16]
    semantic: npt.NDArray[np.float16]
    f0_hz: npt.NDArray[np.float32]
    fine_f0_hz: npt.NDArray[np.float32] | None


class PreparedSet:
    """All prepared utterances; the arrays stay on disk and are memory-mapped.

    Raises:
        InputError: the folder holds no prepared speech.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = read_settings(folder) or PreparedSettings()
        self.utterances: list[PreparedUtterance] = []
        self._shards: list[_Shard] = []
        for index_path in sorted(folder.glob("*/index.parquet")):
            table = pq.read_table(index_path)
            self._shards.append(_open_shard(index_path.parent, self.settings))
            for row in table.select(["id", "speaker", "language", "phonemes", "n_frames", "first_frame"]).to_pylist():
                row["phonemes"] = row["phonemes"] or ""
                self.utterances.append(PreparedUtterance(**row, shard=len(self._shards) - 1))
        if not self.utterances:
            raise InputError(
                "There is no prepared speech", expected="a folder made by `hierbatch prepare`", got=str(folder)
            )

    def split(self, split: Split) -> list[PreparedUtterance]:
        """Utterances of one split; each speaker belongs to one split.

        If there are no development speakers, a twentieth of the training speakers' utterances is held out instead.
        """
        return [utterance for utterance in self.utterances if self._split_of(utterance) == split]

    def _split_of(self, utterance: PreparedUtterance) -> Split:
        is_held_out = utterance.split == "train" and utterance.id in self._held_out
        return "development" if is_held_out else utterance.split

    @cached_property
    def _held_out(self) -> frozenset[str]:
        """Ids of utterances held out from training speakers; none if there are development speakers."""
        if any(utterance.split == "development" for utterance in self.utterances):
            return frozenset()
        ids = sorted((zlib.crc32(u.id.encode()), u.id) for u in self.utterances if u.split == "train")
        n_held_out = max(1, len(ids) // _HELD_OUT_SHARE) if len(ids) > 1 else 0
        return frozenset(id for _, id in ids[:n_held_out])

    def audio(
        self, utterance: PreparedUtterance, start: int = 0, n_frames: int | None = None
    ) -> npt.NDArray[np.float32]:
        """Samples of frames `start` to `start + n_frames` (None: to the end), scaled to +-1. Shape: [320 n_frames]."""
        samples = self._slice(utterance, start, n_frames, FRAME_HOP_SAMPLES)
        return self._shards[utterance.shard].audio[samples].astype(np.float32) / 32768.0

    def semantic(
        self, utterance: PreparedUtterance, start: int = 0, n_frames: int | None = None
    ) -> npt.NDArray[np.float32]:
        """Semantic vectors. Shape: [n_frames, C]."""
        return self._shards[utterance.shard].semantic[self._slice(utterance, start, n_frames, 1)].astype(np.float32)

    def f0_hz(
        self, utterance: PreparedUtterance, start: int = 0, n_frames: int | None = None
    ) -> npt.NDArray[np.float32]:
        """F0 in Hz every 10 ms, 0 where unvoiced. Shape: [2 n_frames]."""
        return np.array(self._shards[utterance.shard].f0_hz[self._slice(utterance, start, n_frames, MELS_PER_FRAME)])

    def fine_f0_hz(
        self, utterance: PreparedUtterance, start: int = 0, n_frames: int | None = None
    ) -> npt.NDArray[np.float32]:
        """F0 in Hz every 5 ms, 0 where unvoiced. Shape: [4 n_frames].

        Raises:
            InputError: the set was prepared without F0 every 5 ms.
        """
        values = self._shards[utterance.shard].fine_f0_hz
        if values is None:
            raise InputError(
                "The prepared speech has no F0 every 5 ms",
                expected="f0_fine.f32 in every shard",
                got=str(self.folder),
                fix="prepare the data with --f0-hop-ms 5 into another folder",
            )
        return np.array(values[self._slice(utterance, start, n_frames, FINE_F0_PER_FRAME)])

    def _slice(self, utterance: PreparedUtterance, start: int, n_frames: int | None, per_frame: int) -> slice:
        """Range of `n_frames` frames (None: to the end) in an array with `per_frame` values per frame."""
        length = utterance.n_frames - start if n_frames is None else n_frames
        first = (utterance.first_frame + start) * per_frame
        return slice(first, first + length * per_frame)


def _open_shard(folder: Path, settings: PreparedSettings) -> _Shard:
    semantic = np.memmap(folder / "semantic.f16", np.float16, "r").reshape(-1, settings.features.channels)
    audio = np.memmap(folder / "audio.i16", np.int16, "r")
    fine = np.memmap(folder / "f0_fine.f32", np.float32, "r") if settings.has_fine_f0 else None
    return _Shard(audio, semantic, np.memmap(folder / "f0.f32", np.float32, "r"), fine)


def has_alignments(folder: Path) -> bool:
    """True if the prepared speech is aligned."""
    return (folder / _ALIGNMENT).is_file()


def read_alignments(folder: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Read, by utterance id, the phonemes with marked pauses, and the durations in frames of START and of each token.

    Raises:
        InputError: the prepared speech is not aligned.
    """
    path = folder / _ALIGNMENT
    if not path.is_file():
        raise InputError("The prepared speech is not aligned", expected=str(path), fix="run `hierbatch prepare` again")
    rows = pq.read_table(path).to_pylist()
    return {row["id"]: (row["phonemes"], tuple(row["frames"])) for row in rows}


def write_alignments(folder: Path, rows: Sequence[tuple[str, str, Sequence[int]]]) -> None:
    """Write all alignments atomically; each row has id, phonemes, and durations in frames of START and each token."""
    schema = pa.schema([("id", pa.string()), ("phonemes", pa.string()), ("frames", pa.list_(pa.int16()))])
    ids, phonemes, frames = zip(*rows, strict=True) if rows else ((), (), ())
    table = pa.table([list(ids), list(phonemes), [list(f) for f in frames]], schema=schema)
    temporary = folder / f"{_ALIGNMENT}.tmp"
    pq.write_table(table, temporary)
    temporary.replace(folder / _ALIGNMENT)
