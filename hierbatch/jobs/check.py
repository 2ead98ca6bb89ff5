"""Check of audio files against a delivery profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hierbatch.delivery.profiles import find_profile
from hierbatch.delivery.report import MAX_DECODED_SAMPLES, FileReport, check_file


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckJob:
    """Audio files, and the name of the profile that they are checked against."""

    files: tuple[Path, ...]
    profile: str
    whole: bool = False
    """True to decode even very long files to the end; otherwise only their first part is measured."""


def check_files(job: CheckJob) -> Iterator[FileReport]:
    """Measure each file and yield its report.

    Raises:
        InputError: the profile is unknown, or a file is missing or is not audio.
    """
    profile = find_profile(job.profile)
    for path in job.files:
        yield check_file(path, profile, max_samples=None if job.whole else MAX_DECODED_SAMPLES)
