"""Feature extraction: from Parquet rows of recordings to the arrays of a prepared set."""

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
from hierbatch.constants import FRAME_HOP_SAMPLES, RATE_HZ
from hierbatch.errors import SourceError, TextError
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.frontend.transcripts import lowercase_all_caps
from hierbatch.training.content_teacher import WhisperEncoder
from hierbatch.training.prepared import INDEX_SCHEMA
from hierbatch.training.semantics import Projection

_MIN_DURATION_S, _MAX_DURATION_S = 0.6, 30.0
_MAX_CER = 0.35
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturePipeline:
    """Models and text front end that turn a recording into training arrays."""

    teacher: WhisperEncoder
    projection: Projection
    front_end: SpeechFrontEnd


def read_rows(path: Path, batch_rows: int = 32) -> Iterator[Row]:
    """Rows of one Parquet file in order, read in small batches."""
    for batch in pq.ParquetFile(path).iter_batches(batch_rows):
        yield from batch.to_pylist()


def decode(row: Row) -> Waveform:
    """Decode a recording to 16 kHz, normalised to speech level and truncated to whole frames and to 30 s.

    Raises:
        SourceError: The recording cannot be read.
    """
    recording = read_sound(row["audio"]["bytes"], name=f"the recording of row {row['id']}", raises=SourceError)
    sound = resample(recording, RATE_HZ)
    n_frames = min(sound.n_samples // FRAME_HOP_SAMPLES, int(_MAX_DURATION_S * RATE_HZ) // FRAME_HOP_SAMPLES)
    return to_speech_level(Waveform(sound.samples[: n_frames * FRAME_HOP_SAMPLES], RATE_HZ))


def prepare_file(path: Path, target: Path, tools: FeaturePipeline, log: Callable[[str], None]) -> None:
    """Prepare every usable row of one Parquet file; does nothing if `target` is complete.

    Args:
        path: Parquet file of recordings.
        target: Folder to write; it is renamed into place when complete.
        tools: Feature models and text front end.
        log: Receives a line for each unreadable recording and one for the file.
    """
    if (target / "index.parquet").is_file():
        return
    temporary = target.with_name(target.name + ".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    index: list[Row] = []
    with (
        open(temporary / "audio.i16", "wb") as audio,
        open(temporary / "semantic.f16", "wb") as semantic,
        open(temporary / "f0.f32", "wb") as f0,
    ):
        first_frame = 0
        for row in read_rows(path):
            try:
                sound = decode(row)
            except SourceError as error:
                log(str(error))  # one bad recording never stops the others
                continue
            if sound.duration_s < _MIN_DURATION_S:
                continue
            entry = _index_row(row, sound, tools.front_end) | {"first_frame": first_frame}
            vectors = tools.projection(tools.teacher(torch.from_numpy(sound.samples)).numpy())
            audio.write(np.round(sound.samples * 32767).astype("<i2").tobytes())
            semantic.write(vectors.astype("<f2").tobytes())
            f0.write(estimate_f0(sound).astype("<f4").tobytes())
            index.append(entry)
            first_frame += entry["n_frames"]
    pq.write_table(pa.Table.from_pylist(index, schema=INDEX_SCHEMA), temporary / "index.parquet")
    temporary.replace(target)
    log(f"{target.name}: {len(index)} utterances, {first_frame * FRAME_HOP_SAMPLES / RATE_HZ / 3600:.2f} h")


def _index_row(row: Row, sound: Waveform, front_end: SpeechFrontEnd) -> Row:
    """Index row of a recording, less its offset; text fields are empty if the transcript is not usable."""
    text, language = lowercase_all_caps(row.get("text") or ""), row.get("language") or "en"
    spoken_text, phonemes = "", ""
    # A take with a high character error rate (column `cer`, if the corpus has it) would be aligned to wrong phones.
    if text and sound.duration_s < _MAX_DURATION_S and (row.get("cer") or 0.0) <= _MAX_CER:
        try:
            spoken = front_end.phonemize(text, language)
            spoken_text, phonemes = spoken.text_norm, spoken.phonemes
        except TextError:
            pass  # without phonemes the row still trains the networks that need no text
    return {
        "id": row["id"],
        "speaker": row["speaker"],
        "language": language,
        "text": text,
        "text_norm": spoken_text,
        "phonemes": phonemes,
        "n_frames": sound.n_samples // FRAME_HOP_SAMPLES,
    }
