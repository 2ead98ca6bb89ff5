"""Store of mastered chapters in a run, so that only changed chapters are mastered again.

A chapter is found by a hash of everything that its audio depends on: the takes and their positions, the profile, the
sample rate and the version. It is stored as 24-bit FLAC, from which delivered files are always encoded, so that they
are the same whether or not their chapters were mastered again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import soundfile

from hierbatch.audio.waveform import Samples
from hierbatch.delivery.pcm import read_pcm
from hierbatch.delivery.profiles import Profile
from hierbatch.delivery.timeline import ChapterTimeline
from hierbatch.storage import STAGING_PREFIX, storage_error, write_atomically

_BLOCK_SAMPLES = 1 << 16


def chapter_hash(chapter: ChapterTimeline, profile: Profile, resampler: str) -> str:
    """Hash of everything that the mastered audio of a chapter depends on.

    Args:
        chapter: takes and their positions.
        profile: target level and limits.
        resampler: name of the resampler; empty for the default.
    """
    content = {
        "version": version("hierbatch"),
        "profile": asdict(profile),
        "resampler": resampler,
        "rate_hz": chapter.rate_hz,
        "n_samples": chapter.n_samples,
        "takes": [
            (placed.take.id, placed.take.take_key, placed.take.attempt, placed.start_sample, placed.n_samples)
            for placed in chapter.placements
        ],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


class MasteredChapters:
    """Folder of mastered chapters."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: set[str] = set()

    def find(self, name: str) -> Path | None:
        """Find the stored file of a chapter by its hash, and mark the hash as used; None if there is no file."""
        self._used.add(name)
        path = self._folder / f"{name}.flac"
        return path if path.is_file() else None

    def add(self, name: str, pcm: Path, rate_hz: int) -> Path:
        """Store a mastered chapter, and return its file.

        Args:
            name: hash of the chapter.
            pcm: file of the chapter's samples, see `hierbatch.delivery.pcm`.
            rate_hz: sample rate of the samples.

        Raises:
            StorageError: the disk is full.
        """
        path = self._folder / f"{name}.flac"
        with write_atomically(path) as temporary:
            try:
                with soundfile.SoundFile(temporary, "w", rate_hz, 1, "PCM_24", format="FLAC") as file:
                    for block in read_pcm(pcm):
                        file.write(block)
            except soundfile.LibsndfileError as error:
                raise storage_error(OSError(str(error)), path) from error
        return path

    def remove_unused(self) -> None:
        """Remove chapters that were not passed to `find` since the store was opened, and unfinished files."""
        for leftover in self._folder.glob(f"{STAGING_PREFIX}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        for path in self._folder.glob("*.flac"):
            if path.stem not in self._used:
                path.unlink(missing_ok=True)


def read_chapter(path: Path) -> Iterator[Samples]:
    """Read a stored chapter in blocks."""
    with soundfile.SoundFile(path) as file:
        while len(block := file.read(_BLOCK_SAMPLES, dtype="float32")):
            yield block
