"""Check audio files against a delivery profile, and for a watermark and a signature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hierbatch.audio.watermark import DETECTED_FROM, Watermarker
from hierbatch.delivery.content_credentials import FoundCredentials, read_credentials
from hierbatch.delivery.profiles import find_profile
from hierbatch.delivery.report import MAX_DECODED_SAMPLES, CheckRow, FileReport, check_file
from hierbatch.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckJob:
    """Audio files, and the checks to make."""

    files: tuple[Path, ...]
    profile: str | None = None
    """Name of the delivery profile; None skips the check against a profile."""
    whole: bool = False
    """Decode files of any length to the end."""
    watermark: bool = False
    """Check that the watermark is found."""
    signature: bool = False
    """Check that a C2PA manifest states a synthetic origin and is valid for the file."""


def check_files(job: CheckJob) -> Iterator[FileReport]:
    """Measure each file and yield its report.

    Raises:
        InputError: the profile is unknown, a file is missing or is not audio, or nothing is to be checked.
        ProgramError: the package for the watermark or the signature is missing.
    """
    if job.profile is None and not (job.watermark or job.signature):
        raise InputError("There is nothing to check", fix="pass --profile, --watermark or --signature")
    profile = find_profile(job.profile) if job.profile else None
    watermarker = Watermarker() if job.watermark else None
    for path in job.files:
        max_samples = None if job.whole else MAX_DECODED_SAMPLES
        rows = list(check_file(path, profile, max_samples=max_samples).rows) if profile else []
        if watermarker:
            rows.append(_watermark_row(watermarker.detect_file(path)))
        if job.signature:
            rows.append(_signature_row(read_credentials(path)))
        yield FileReport(path, profile.name if profile else "the check", tuple(rows), profile.note if profile else "")


def _watermark_row(found: float) -> CheckRow:
    return CheckRow("watermark", f"at least {DETECTED_FROM}", f"{found:.2f}", found >= DETECTED_FROM)


def _signature_row(found: FoundCredentials | None) -> CheckRow:
    """Result of the check of a signature.

    A certificate from an unknown issuer is accepted, since this machine may have no list of trusted issuers.
    """
    if found is None:
        return CheckRow("signature", "a valid C2PA manifest", "none", False)
    origin = "synthetic" if found.is_generated else "of unstated origin"
    got = f"{found.state.lower()}, {origin}{''.join(f', {code}' for code in found.problems)}"
    return CheckRow("signature", "valid, synthetic", got, found.state != "Invalid" and found.is_generated)
