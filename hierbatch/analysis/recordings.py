"""Recordings by row id, out of Parquet files that lie outside the repository."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.analysis.evaluation_set import Clip
from hierbatch.audio.files import read_sound
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError
from hierbatch.frontend.transcripts import without_shouting
from hierbatch.units import RATE_HZ


@dataclass(frozen=True, slots=True)
class Recording:
    """A clip at 16 kHz and what is said in it (empty where nobody wrote it down)."""

    waveform: Waveform
    text: str


def read_recordings(folder: Path, clips: Iterable[Clip]) -> dict[Clip, Recording]:
    """The clips' sound and words; each file is opened once.

    Raises:
        InputError: a file or a row is missing, or its sound cannot be read.
    """
    wanted: dict[str, list[Clip]] = {}
    for clip in clips:
        wanted.setdefault(clip.file, []).append(clip)
    found: dict[Clip, Recording] = {}
    for file, parts in wanted.items():
        rows = _rows(folder / file, {clip.row for clip in parts})
        found.update({clip: _cut(clip, rows[clip.row]) for clip in parts})
    return found


def _rows(path: Path, names: set[str]) -> dict[str, Mapping[str, Any]]:
    if not path.is_file():
        raise InputError(
            "The recordings to evaluate with are not there",
            wanted=str(path),
            mend="pass their folder with --data, or set HIERBATCH_SHARED to the folder that holds tools/ and speech/",
        )
    try:
        table = pq.read_table(path, columns=["id", "text", "audio"], filters=[("id", "in", sorted(names))])
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read", wanted="columns id, text, audio", got=str(error)) from error
    rows = {row["id"]: row for row in table.to_pylist()}
    if missing := sorted(names - rows.keys()):
        raise InputError(f"{path} lacks rows that the set names", wanted=", ".join(missing[:5]))
    return rows


def _cut(clip: Clip, row: Mapping[str, Any]) -> Recording:
    sound = resample(read_sound(row["audio"]["bytes"], name=clip.row), RATE_HZ)
    end = None if clip.end_s is None else round(clip.end_s * RATE_HZ)
    is_whole = clip.start_s == 0 and end is None
    text = without_shouting(row["text"] or "") if is_whole else ""  # nobody knows which words fall into a part
    return Recording(Waveform(sound.samples[round(clip.start_s * RATE_HZ) : end], RATE_HZ), text)
