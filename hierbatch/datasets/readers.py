"""Table of the layouts of data sets, detection of a layout, and readers for rows of any layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hierbatch.datasets.common_voice import FOLDER as CLIPS
from hierbatch.datasets.common_voice import TABLES as COMMON_VOICE_TABLES
from hierbatch.datasets.common_voice import read_common_voice
from hierbatch.datasets.folder import read_folder
from hierbatch.datasets.kaldi import TABLE as WAV_SCP
from hierbatch.datasets.kaldi import read_kaldi
from hierbatch.datasets.librispeech import (
    LIBRISPEECH_TRANSCRIPTS,
    LIBRITTS_TRANSCRIPTS,
    read_librispeech,
    read_libritts,
)
from hierbatch.datasets.ljspeech import FOLDER as WAVS
from hierbatch.datasets.ljspeech import TABLE as METADATA
from hierbatch.datasets.ljspeech import read_ljspeech
from hierbatch.datasets.manifest import SUFFIXES, read_manifest
from hierbatch.datasets.nikl import SCRIPT, read_nikl
from hierbatch.datasets.options import AUTOMATIC, DatasetOptions
from hierbatch.datasets.rows import DatasetRow, ListedRow, RejectedRow, complete_row
from hierbatch.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetLayout:
    """Layout of data sets, with functions that detect it and read its rows."""

    description: str
    matches: Callable[[Path], bool]
    """Function that returns True for a path with this layout; the first layout in `LAYOUTS` that matches is used."""
    read: Callable[[Path], Iterator[ListedRow | RejectedRow]]


def _contains(*names: str) -> Callable[[Path], bool]:
    return lambda path: all((path / name).exists() for name in names)


def _contains_below(pattern: str) -> Callable[[Path], bool]:
    return lambda path: path.is_dir() and next(path.rglob(pattern), None) is not None


def _is_common_voice(path: Path) -> bool:
    if path.suffix.lower() == ".tsv":
        return True
    return (path / CLIPS).is_dir() and any((path / name).is_file() for name in COMMON_VOICE_TABLES)


LAYOUTS: Mapping[str, DatasetLayout] = {
    "kaldi": DatasetLayout(
        description="folder with wav.scp, utt2spk and optionally text and segments",
        matches=_contains(WAV_SCP),
        read=read_kaldi,
    ),
    "common-voice": DatasetLayout(
        description="table with client_id, path and sentence, next to clips/",
        matches=_is_common_voice,
        read=read_common_voice,
    ),
    "ljspeech": DatasetLayout(
        description="metadata.csv with id|text, next to wavs/",
        matches=lambda path: _contains(METADATA, WAVS)(path) or path.name == METADATA,
        read=read_ljspeech,
    ),
    "nikl": DatasetLayout(
        description=f"SPEAKER/SPEAKER_t01_s01.wav and {SCRIPT}",
        matches=_contains(SCRIPT),
        read=read_nikl,
    ),
    "librispeech": DatasetLayout(
        description=f"SPEAKER/CHAPTER/ID.flac with {LIBRISPEECH_TRANSCRIPTS}",
        matches=_contains_below(LIBRISPEECH_TRANSCRIPTS),
        read=read_librispeech,
    ),
    "libritts": DatasetLayout(
        description=f"SPEAKER/CHAPTER/ID.wav with {LIBRITTS_TRANSCRIPTS}",
        matches=_contains_below(LIBRITTS_TRANSCRIPTS),
        read=read_libritts,
    ),
    "manifest": DatasetLayout(
        description="Parquet, CSV or JSON Lines with id, audio and optionally speaker, language and text",
        matches=lambda path: path.suffix.lower() in SUFFIXES or _contains_below("*.parquet")(path),
        read=read_manifest,
    ),
    "folder": DatasetLayout(
        description="recordings, each with an optional transcript NAME.txt; folders name the speakers",
        matches=lambda path: True,
        read=read_folder,
    ),
}
"""Layouts in the order of their detection; another layout needs an entry here and its name in `LAYOUT_NAMES`."""


def find_layout(path: Path, name: str = AUTOMATIC) -> str:
    """Check the name of a layout, or detect the layout of a data set.

    Raises:
        InputError: the path does not exist, or there is no layout of this name.
    """
    if name not in (AUTOMATIC, *LAYOUTS):
        raise InputError(
            "The layout is unknown", expected=f"{AUTOMATIC}, {', '.join(LAYOUTS)}", got=name, fix="correct --layout"
        )
    if not path.exists():
        raise InputError("The data set does not exist", expected="a folder or table", got=str(path), fix="check --data")
    return name if name != AUTOMATIC else next(key for key, layout in LAYOUTS.items() if layout.matches(path))


def list_rows(paths: Sequence[Path], options: DatasetOptions) -> Iterator[ListedRow | RejectedRow]:
    """List the rows of data sets in a fixed order, without opening their recordings.

    A row whose id occurred before is rejected.

    Raises:
        InputError: the layout is unknown, or a data set does not exist, is incomplete, or has no usable rows.
    """
    seen: set[str] = set()
    for path in paths:
        n_before = len(seen)
        for row in LAYOUTS[find_layout(path, options.layout)].read(path):
            if isinstance(row, ListedRow):
                if row.id in seen:
                    reason = f"The id {row.id} occurs twice. Expected: unique ids. Fix: rename one of the two."
                    yield RejectedRow(id=row.id, reason=reason)
                    continue
                seen.add(row.id)
            yield row
        if len(seen) == n_before:
            raise InputError(
                "The data set has no usable rows", expected="recordings", got=str(path), fix="check its files"
            )


def read_dataset(paths: Sequence[Path], options: DatasetOptions | None = None) -> Iterator[DatasetRow | RejectedRow]:
    """Read the rows of data sets with recording durations; arguments and errors are those of `list_rows`."""
    settings = options or DatasetOptions()
    for row in list_rows(paths, settings):
        yield row if isinstance(row, RejectedRow) else with_options(row, settings)


def with_options(row: ListedRow, options: DatasetOptions) -> DatasetRow | RejectedRow:
    """Complete a listed row with its duration and the options' language and speaker, or reject it if it is unusable."""
    listed = row if options.speaker is None else replace(row, speaker=options.speaker)
    return complete_row(listed, options.language)
