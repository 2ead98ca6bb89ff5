"""Content credentials: a signed C2PA manifest inside delivered files, which states that a model made the speech.

Files are signed with the user's certificate, in the last step: any later change of tags or audio breaks the signature,
and encoding a file again loses the manifest. WAV, MP3, M4A, M4B and FLAC can hold a manifest (extra `c2pa`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from hierbatch.errors import InputError, ProgramError
from hierbatch.programs import require_package
from hierbatch.storage import write_atomically

MEDIA_TYPES = {
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".m4b": "audio/mp4", ".flac": "audio/flac",
}  # fmt: skip
_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_MAX_PEM_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Certificate chain and private key of the signer, as PEM files."""

    certificate: Path
    key: Path
    algorithm: str = "es256"
    """Signature algorithm of the key: es256, es384, es512, ps256, ps384, ps512 or ed25519."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCredentials:
    """Facts from the manifest of a file."""

    state: str
    """`Trusted`, `Valid` or `Invalid`, as the C2PA library reports it."""
    is_generated: bool
    """True if the manifest states that a model made the content."""
    problems: tuple[str, ...]


def check_can_sign(files: Iterable[str], credentials: Credentials) -> None:
    """Check, before any work, that files can be signed.

    Args:
        files: names of the files.
        credentials: certificate and key.

    Raises:
        InputError: a format cannot hold a manifest, or the certificate or the key cannot be read.
        ProgramError: the package c2pa is missing.
    """
    _c2pa()
    if unsupported := sorted({Path(name).suffix.lower() for name in files} - set(MEDIA_TYPES)):
        raise InputError(
            "These formats cannot hold content credentials",
            expected=" ".join(MEDIA_TYPES),
            got=" ".join(unsupported),
            fix="leave them out, or deliver without a certificate",
        )
    _pem(credentials.certificate)
    _pem(credentials.key)


def sign_file(path: Path, credentials: Credentials, title: str) -> None:
    """Add a signed manifest to a file, which is replaced atomically.

    Args:
        path: finished file.
        credentials: certificate and key.
        title: title in the manifest.

    Raises:
        InputError: the certificate or the key is unusable, or the format cannot hold a manifest.
        ProgramError: the package c2pa is missing.
    """
    c2pa = _c2pa()
    media_type = MEDIA_TYPES.get(path.suffix.lower())
    if media_type is None:
        check_can_sign([path.name], credentials)
    info = c2pa.C2paSignerInfo(
        alg=credentials.algorithm,
        sign_cert=_pem(credentials.certificate),
        private_key=_pem(credentials.key),
        ta_url=None,
    )
    try:
        with (
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder(json.dumps(_manifest(title))) as builder,
            write_atomically(path) as temporary,
            path.open("rb") as source,
            temporary.open("w+b") as target,
        ):
            builder.sign(signer, media_type, source, target)
    except c2pa.C2paError as error:
        raise InputError(
            f"{path.name} cannot be signed",
            expected="a certificate chain and its key, as PEM, for the algorithm",
            got=str(error),
            fix="correct the certificate, the key or the algorithm",
        ) from error


def read_credentials(path: Path) -> FoundCredentials | None:
    """Read the manifest of a file; return None if there is none.

    Raises:
        InputError: the format cannot hold a manifest.
        OSError: the file cannot be read.
        ProgramError: the package c2pa is missing.
    """
    c2pa = _c2pa()
    media_type = MEDIA_TYPES.get(path.suffix.lower())
    if media_type is None:
        raise InputError(
            "The format cannot hold content credentials",
            expected=" ".join(MEDIA_TYPES),
            got=path.name,
            fix="leave this file out",
        )
    try:
        with path.open("rb") as file, c2pa.Reader(media_type, file) as reader:
            found = json.loads(reader.json())
    except c2pa.C2paError.ManifestNotFound:
        return None
    except c2pa.C2paError as error:  # a damaged manifest
        return FoundCredentials(state="Invalid", is_generated=False, problems=(str(error),))
    problems = [status["code"] for status in found.get("validation_status", [])]
    active = found["manifests"][found["active_manifest"]]
    return FoundCredentials(
        state=found.get("validation_state", "Invalid"),
        is_generated=_SOURCE_TYPE in json.dumps(active.get("assertions", [])),
        problems=tuple(problems),
    )


def _manifest(title: str) -> dict[str, Any]:
    """Definition of a manifest that declares creation by a trained model (C2PA specification 2.2, actions)."""
    return {
        "claim_generator_info": [{"name": "hierbatch", "version": version("hierbatch")}],
        "title": title,
        "assertions": [
            {
                "label": "c2pa.actions",
                "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": _SOURCE_TYPE}]},
            }
        ],
    }


def _pem(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_PEM_BYTES)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read", expected="a PEM file", got=error.strerror or str(error), fix="check the path"
        ) from error
    if b"-----BEGIN" not in content:
        raise InputError(
            f"{path} is not a PEM file",
            expected="a file with a line -----BEGIN ...",
            got=f"{len(content)} bytes without one",
            fix="convert it to PEM",
        )
    return content


def _c2pa() -> ModuleType:
    try:
        return require_package("c2pa", extra="c2pa")
    except OSError as error:  # its library is for another platform
        raise ProgramError("The package c2pa cannot be loaded", got=str(error), fix="reinstall c2pa-python") from error
