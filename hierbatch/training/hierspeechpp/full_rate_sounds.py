"""Recordings at a synthesizer's rate for the utterances of a prepared set, which itself has recordings at 16 kHz.

FOLDER/
  sounds.i16       samples of all utterances, one after another
  sounds.parquet   id, first frame and number of frames of each utterance

Legend: T frames (50/s).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.audio.level import to_speech_level
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import FRAMES_PER_SECOND
from hierbatch.errors import InputError, RowError
from hierbatch.storage import write_atomically
from hierbatch.training.prepared import PreparedUtterance

_SOUNDS, _INDEX = "sounds.i16", "sounds.parquet"


class SoundSource(Protocol):
    """Protocol for reading the recordings of utterances at the synthesizer's rate."""

    def sound(
        self, utterance: PreparedUtterance, start: int = 0, n_frames: int | None = None
    ) -> npt.NDArray[np.float32]:
        """Read `n_frames` frames (None: to the end) of an utterance from frame `start`. Shape: [T * hop samples]."""
        ...


class FullRateSounds:
    """Recordings written by `write_full_rate_sounds`, mapped from disk."""

    def __init__(self, folder: Path, rate_hz: int) -> None:
        """Open a folder of recordings.

        Args:
            folder: folder with `sounds.i16` and `sounds.parquet`.
            rate_hz: sampling rate of the recordings.

        Raises:
            InputError: the folder is incomplete.
        """
        if not (folder / _INDEX).is_file():
            raise InputError("There are no recordings at the synthesizer's rate", got=str(folder))
        self._hop_samples = rate_hz // FRAMES_PER_SECOND
        self._samples = np.memmap(folder / _SOUNDS, np.int16, "r")
        rows = pq.read_table(folder / _INDEX).to_pylist()
        self.positions = {row["id"]: (row["first_frame"], row["n_frames"]) for row in rows}

    def sound(
        self, utterance: PreparedUtterance, start: int = 0, n_frames: int | None = None
    ) -> npt.NDArray[np.float32]:
        """Read `n_frames` frames (None: to the end) of an utterance from frame `start`. Shape: [T * hop samples]."""
        first_frame, available = self.positions[utterance.id]
        length = (available - start) if n_frames is None else n_frames
        first = (first_frame + start) * self._hop_samples
        return self._samples[first : first + length * self._hop_samples].astype(np.float32) / 32768.0


def write_full_rate_sounds(
    folder: Path,
    rate_hz: int,
    utterances: Iterable[PreparedUtterance],
    recording_of: Callable[[str], Waveform | None],
) -> int:
    """Write the recordings of utterances at a given rate; return the number of utterances that have a recording.

    Recordings are scaled to the level of prepared speech, and cut or padded to the length of their utterances.

    Args:
        folder: folder to write.
        rate_hz: sampling rate to write.
        utterances: utterances of a prepared set.
        recording_of: function from an utterance's id to its recording at any rate. An utterance is left out if the
            function returns None or raises a RowError.
    """
    hop, rows, first_frame = rate_hz // FRAMES_PER_SECOND, [], 0
    folder.mkdir(parents=True, exist_ok=True)
    with write_atomically(folder / _SOUNDS) as temporary, temporary.open("wb") as file:
        for utterance in utterances:
            try:
                recording = recording_of(utterance.id)
            except RowError:
                continue
            if recording is None:
                continue
            n_samples = utterance.n_frames * hop
            samples = to_speech_level(resample(recording, rate_hz)).samples[:n_samples]
            samples = np.pad(samples, (0, n_samples - len(samples)))
            file.write(np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
            rows.append({"id": utterance.id, "first_frame": first_frame, "n_frames": utterance.n_frames})
            first_frame += utterance.n_frames
    schema = pa.schema([("id", pa.string()), ("first_frame", pa.int64()), ("n_frames", pa.int32())])
    with write_atomically(folder / _INDEX) as temporary:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), temporary)
    return len(rows)
