"""From Parquet rows of recordings to the arrays of a prepared set."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from hierbatch.audio.files import read_sound
from hierbatch.audio.level import to_speech_level
from hierbatch.audio.pitch import estimate_f0
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import SourceError, TextError
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.frontend.transcripts import without_shouting
from hierbatch.training.content_teacher import WhisperEncoder
from hierbatch.training.prepared import INDEX_SCHEMA
from hierbatch.training.semantics import Projection
from hierbatch.units import FRAME_HOP_SAMPLES, RATE_HZ

_SHORTEST_S, _LONGEST_S = 0.6, 30.0
_MOST_CER = 0.35
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureTools:
    """What turns a recording into training arrays."""

    teacher: WhisperEncoder
    projection: Projection
    front_end: SpeechFrontEnd


def read_rows(path: Path, batch_rows: int = 32) -> Iterator[Row]:
    """Rows of one Parquet file, in order, a few in memory at a time."""
    for batch in pq.ParquetFile(path).iter_batches(batch_rows):
        yield from batch.to_pylist()


def decode(row: Row) -> Waveform:
    """The recording at 16 kHz, at speech level, cut to whole frames.

    Raises:
        SourceError: it cannot be read.
    """
    recording = read_sound(row["audio"]["bytes"], name=f"the recording of row {row['id']}", raises=SourceError)
    sound = resample(recording, RATE_HZ)
    n_frames = min(sound.n_samples // FRAME_HOP_SAMPLES, int(_LONGEST_S * RATE_HZ) // FRAME_HOP_SAMPLES)
    return to_speech_level(Waveform(sound.samples[: n_frames * FRAME_HOP_SAMPLES], RATE_HZ))


def prepare_file(path: Path, target: Path, tools: FeatureTools, tell: Callable[[str], None]) -> None:
    """Prepare every usable row of one Parquet file; `target` appears whole or not at all."""
    if (target / "index.parquet").is_file():
        return
    aside = target.with_name(target.name + ".tmp")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    index: list[Row] = []
    with (
        open(aside / "audio.i16", "wb") as audio,
        open(aside / "semantic.f16", "wb") as semantic,
        open(aside / "f0.f32", "wb") as f0,
    ):
        first_frame = 0
        for row in read_rows(path):
            try:
                sound = decode(row)
            except SourceError as error:
                tell(str(error))  # one bad recording never stops the others
                continue
            if sound.duration_s < _SHORTEST_S:
                continue
            entry = _describe(row, sound, tools.front_end) | {"first_frame": first_frame}
            vectors = tools.projection(tools.teacher(torch.from_numpy(sound.samples)).numpy())
            audio.write(np.round(sound.samples * 32767).astype("<i2").tobytes())
            semantic.write(vectors.astype("<f2").tobytes())
            f0.write(estimate_f0(sound).astype("<f4").tobytes())
            index.append(entry)
            first_frame += entry["n_frames"]
    pq.write_table(pa.Table.from_pylist(index, schema=INDEX_SCHEMA), aside / "index.parquet")
    aside.replace(target)
    tell(f"{target.name}: {len(index)} utterances, {first_frame * FRAME_HOP_SAMPLES / RATE_HZ / 3600:.2f} h")


def _describe(row: Row, sound: Waveform, front_end: SpeechFrontEnd) -> Row:
    text, language = without_shouting(row.get("text") or ""), row.get("language") or "en"
    spoken_text, phonemes = "", ""
    # A take the recogniser made nothing of (column `cer`, where a corpus has it) would teach wrong sounds.
    if text and sound.duration_s < _LONGEST_S and (row.get("cer") or 0.0) <= _MOST_CER:
        try:
            spoken = front_end.speak(text, language)
            spoken_text, phonemes = spoken.text_norm, spoken.phonemes
        except TextError:
            pass  # a row that cannot be said still teaches the voice side
    return {
        "id": row["id"],
        "speaker": row["speaker"],
        "language": language,
        "text": text,
        "text_norm": spoken_text,
        "phonemes": phonemes,
        "n_frames": sound.n_samples // FRAME_HOP_SAMPLES,
    }
