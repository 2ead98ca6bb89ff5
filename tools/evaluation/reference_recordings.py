"""Reference recordings by row id, from Parquet files outside the repository."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.audio.files import read_sound
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.errors import InputError
from hierbatch.frontend.transcripts import lowercase_all_caps
from tools.evaluation.evaluation_set import ClipSource


@dataclass(frozen=True, slots=True)
class ReferenceRecording:
    """A clip at 16 kHz and its transcript (empty if unknown)."""

    waveform: Waveform
    text: str


def read_recordings(folder: Path, clips: Iterable[ClipSource]) -> dict[ClipSource, ReferenceRecording]:
    """Read audio and transcripts of clips; each file is opened once.

    Raises:
        InputError: a file or a row is missing, or its audio cannot be read.
    """
    by_file: dict[str, list[ClipSource]] = {}
    for clip in clips:
        by_file.setdefault(clip.file, []).append(clip)
    found: dict[ClipSource, ReferenceRecording] = {}
    for file, file_clips in by_file.items():
        rows = _read_rows(folder / file, {clip.row for clip in file_clips})
        found.update({clip: _extract(clip, rows[clip.row]) for clip in file_clips})
    return found


def _read_rows(path: Path, names: set[str]) -> dict[str, Mapping[str, Any]]:
    if not path.is_file():
        raise InputError(
            "The recordings for the evaluation are missing",
            expected=str(path),
            fix="pass their folder with --data, or set HIERBATCH_SHARED to the folder that holds tools/ and speech/",
        )
    try:
        table = pq.read_table(path, columns=["id", "text", "audio"], filters=[("id", "in", sorted(names))])
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read", expected="columns id, text, audio", got=str(error)) from error
    rows = {row["id"]: row for row in table.to_pylist()}
    if missing := sorted(names - rows.keys()):
        raise InputError(f"{path} lacks rows of the evaluation set", expected=", ".join(missing[:5]))
    return rows


def _extract(clip: ClipSource, row: Mapping[str, Any]) -> ReferenceRecording:
    """Cut a clip out of the recording of its row, at 16 kHz; the text is empty for an excerpt."""
    sound = resample(read_sound(row["audio"]["bytes"], name=clip.row), RATE_HZ)
    end = None if clip.end_s is None else round(clip.end_s * RATE_HZ)
    is_whole = clip.start_s == 0 and end is None
    text = lowercase_all_caps(row["text"] or "") if is_whole else ""  # the words of an excerpt are not known
    return ReferenceRecording(Waveform(sound.samples[round(clip.start_s * RATE_HZ) : end], RATE_HZ), text)
