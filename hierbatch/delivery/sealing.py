"""Last steps before delivery: find the watermark in the finished files, then sign them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hierbatch.audio.watermark import Watermarker
from hierbatch.delivery.content_credentials import Credentials, sign_file


def open_watermarker(*, is_asked: bool) -> Watermarker | None:
    """Load the network of the watermark if `is_asked` is True; return None otherwise.

    Raises:
        ProgramError: a package of the watermark is missing.
    """
    return Watermarker() if is_asked else None


def seal_files(
    files: Sequence[Path], watermarker: Watermarker | None, credentials: Credentials | None, title: str
) -> None:
    """Check the watermark of finished files and sign them; nothing may change them afterwards.

    Args:
        files: files in a temporary folder.
        watermarker: network that marked the files; None without a watermark.
        credentials: certificate and key; None leaves the files unsigned.
        title: title in the signed manifest.

    Raises:
        RunError: the watermark is not found.
        InputError: the certificate or the key is unusable, or a format cannot hold a manifest.
        ProgramError: the package for signing is missing.
    """
    for path in files:
        if watermarker:
            watermarker.check_marked(path)
        if credentials:
            sign_file(path, credentials, title)
