"""Published HierSpeech++ checkpoint files, identified by size and hash, independent of their file names."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from hierbatch.errors import InputError

HIERSPEECHPP_KIND = "hierspeechpp"
"""Kind of the bundles that published networks are imported into."""


@dataclass(frozen=True, slots=True)
class HierSpeechPPFile:
    """Name, size and hash of a published file."""

    name: str
    n_bytes: int
    sha256: str


HIERSPEECHPP_FILES = (
    HierSpeechPPFile(
        "hierspeechpp_v1.1", 388_999_163, "9fd704f9a4d11b62195caaaeb76ce759b12ea69a1c36b2716af44bd60bde6a64"
    ),
    HierSpeechPPFile(
        "hierspeechpp_v1", 388_970_075, "0229501cd273135bce9ee0be09ddef18e079cb8dbe61cda665fec73afbfad0d4"
    ),
    HierSpeechPPFile("ttv_lt960", 434_482_782, "2e408e2c6a72551da0ca616f43e0f989449ff5e0d0ca6229b27dea3dc36aa6c1"),
    HierSpeechPPFile("denoiser", 8_350_488, "0088cd06068a97b97cc13fe10fe155ea5c24beea79564b2162fab22a79dc9dc5"),
    HierSpeechPPFile("speechsr24k", 1_715_101, "94bc84b6f8bdb375e2027bc7a3222730d29f9d4c042fd9edce0024806d5c4320"),
    HierSpeechPPFile("speechsr48k", 1_715_101, "62c70874ac4efeb4dc9c8aa9dc0a611a951e1c36292abeb4c406d7fb91e0eefc"),
)


def find_checkpoint_file(folder: Path, name: str) -> Path | None:
    """Find the published file `name` in a folder or below it; None if it is absent.

    The file is recognized by its hash; only files of the published size are read.

    Raises:
        InputError: no published file has this name, or the folder or a file in it cannot be read.
    """
    published_file = next((file for file in HIERSPEECHPP_FILES if file.name == name), None)
    if published_file is None:
        known = ", ".join(file.name for file in HIERSPEECHPP_FILES)
        raise InputError("No published file has this name", expected=known, got=name)
    try:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.stat().st_size == published_file.n_bytes:
                with path.open("rb") as file:
                    if hashlib.file_digest(file, "sha256").hexdigest() == published_file.sha256:
                        return path
    except OSError as error:
        raise InputError(f"The weights in {folder} cannot be read", got=str(error)) from error
    return None


def find_file_by_hash(sha256: str) -> str | None:
    """Name of the published file with a given SHA-256 hash; None if there is no such file."""
    return next((file.name for file in HIERSPEECHPP_FILES if file.sha256 == sha256), None)
