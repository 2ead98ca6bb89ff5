"""Any audio files against a profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hierbatch.export.profiles import find_profile
from hierbatch.export.report import FileReport, check_file


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckJob:
    """Which files to measure, and against what."""

    files: tuple[Path, ...]
    profile: str


def check_files(job: CheckJob) -> Iterator[FileReport]:
    """A report for each file, as it is measured.

    Raises:
        InputError: there is no such profile, or a file is missing or is not sound.
    """
    profile = find_profile(job.profile)
    for path in job.files:
        yield check_file(path, profile)
