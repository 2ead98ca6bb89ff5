"""Licensed clips of each speaker; held-out speakers of the evaluation are left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from hierbatch.training.splits import split_of

_FILES = (
    "librispeech_clean5.parquet",
    "librispeech_other_clips.parquet",
    "kathleen_48k.parquet",
    "ljspeech_part.parquet",
    "matthes.parquet",
    "korean_real_clips.parquet",
    "vctk_development.parquet",
)
_FOLDERS = ("kokoro_en", "kokoro_ko")
CHECK_FILE = "vctk_development.parquet"
"""Recordings of another microphone: never part of the fit, only of its check."""
_CLIPS_PER_SPEAKER = 2
_MIN_S, _MAX_S = 3.0, 15.5

_FEMALE = {"kathleen", "ljspeech", *(f"vctk_p{number}" for number in (277, 300, 306, 314, 329, 330, 361))}
_MALE = {"matthes", *(f"vctk_p{number}" for number in (237, 258, 263, 286, 345))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One recording of a speaker."""

    speaker: str
    content: bytes
    is_check: bool


def speaker_clips(speech: Path) -> Iterator[Clip]:
    """Up to two clips of each speaker, in the order of the files."""
    files = [speech / name for name in _FILES]
    files += [path for folder in _FOLDERS for path in sorted((speech / folder).glob("*.parquet"))]
    n_taken: defaultdict[str, int] = defaultdict(int)
    for path in files:
        table = pq.ParquetFile(path)
        for batch in table.iter_batches(64, columns=["speaker", "duration_s", "audio"]):
            for row in batch.to_pylist():
                speaker = row["speaker"]
                is_long_enough = _MIN_S <= row["duration_s"] <= _MAX_S or "other_clips" in path.name
                if split_of(speaker) == "evaluation" or not is_long_enough or n_taken[speaker] >= _CLIPS_PER_SPEAKER:
                    continue
                n_taken[speaker] += 1
                yield Clip(speaker=speaker, content=row["audio"]["bytes"], is_check=path.name == CHECK_FILE)


def sex_of(speaker: str) -> str:
    """`female` or `male` if the source states it, otherwise empty; Kokoro's names begin with accent and sex."""
    if speaker in _FEMALE or speaker in _MALE:
        return "female" if speaker in _FEMALE else "male"
    _, is_kokoro, name = speaker.partition("kokoro-")
    if not is_kokoro or name.startswith("mix"):
        return ""
    return {"f": "female", "m": "male"}[name[1]]
