"""Voice file: a voice as numbers, in one safetensors file whose header holds its origin, consent and license as JSON.

A blended, sampled or designed voice has no recording of its own. Its file holds what a model derives from a prompt
(styles, frames, pitch), and a synthesized reference recording for people and for other models. No pickle, no code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hierbatch.errors import PromptError
from hierbatch.storage import read_regular_file, write_atomically

VOICE_FILE_SUFFIX = ".safetensors"
ORIGINS = ("blend", "sample", "design")
_KEY = "hierbatch_voice"
_VERSION = 1
_RECORDING = "reference_flac"
_MAX_HEADER_BYTES = 1 << 20
_MAX_BYTES = 64 << 20
_LENGTH_BYTES = 8
_FIX = "make the voice again with `hierbatch voices`"

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSource:
    """A voice that went into a blend."""

    voice: str
    weight: float
    """Share of the blend; all shares sum to one."""
    consent: str
    consent_ref: str | None = None
    license: str | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceFile:
    """A voice without a recording of its own."""

    voice: str
    origin: str
    """`blend`, `sample` or `design`."""
    model_kind: str
    model_sha256: str
    """Hash of the weights that the styles were computed with; other models use the reference recording as a prompt."""
    consent: str
    consent_ref: str | None = None
    license: str | None = None
    language: str | None = None
    description: str = ""
    """Origin in words, such as the seed of a sampled voice or the wording of a designed one."""
    synthetic: bool = False
    """True if the voice is not that of a real person."""
    sources: tuple[VoiceSource, ...] = ()
    numbers: Mapping[str, float]
    """Scalar settings of the voice, such as its median F0 in Hz."""
    arrays: Mapping[str, Floats]
    reference_flac: bytes
    """Synthesized sentence in this voice, as FLAC."""

    def to_bytes(self) -> bytes:
        """Content of the voice file; equal voices have equal bytes."""
        from safetensors.numpy import save

        described = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in ("arrays", "sources", "reference_flac", "numbers")
        }
        described |= {"version": _VERSION, "numbers": dict(self.numbers), "sources": [asdict(s) for s in self.sources]}
        tensors: dict[str, npt.NDArray[Any]] = {
            name: np.ascontiguousarray(value, np.float32) for name, value in self.arrays.items()
        }
        tensors[_RECORDING] = np.frombuffer(self.reference_flac, np.uint8)
        page = json.dumps(described, ensure_ascii=False, sort_keys=True)
        content: bytes = save(tensors, metadata={_KEY: page})
        return content

    def save(self, path: Path) -> Path:
        """Write the file atomically, and return its path."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(path) as temporary:
            temporary.write_bytes(self.to_bytes())
        return path

    def named(self, voice: str) -> VoiceFile:
        """Copy of the voice under another name."""
        return replace(self, voice=voice)


def is_voice_file(content: bytes) -> bool:
    """Return True if the content of a file is a voice file of any version, damaged or not."""
    return _KEY.encode() in content[_LENGTH_BYTES : _LENGTH_BYTES + 256]


def content_sha256(content: bytes) -> str:
    """Identity of a voice file: the hash of its content."""
    return hashlib.sha256(content).hexdigest()


def read_voice_file(path: Path) -> VoiceFile:
    """Read a voice file.

    Raises:
        PromptError: the file is missing, too large, damaged, of another version, or not a voice file.
    """
    try:
        content = read_regular_file(path, _MAX_BYTES)
    except OSError as error:
        raise _unusable(str(path), error.strerror or str(error)) from error
    return parse_voice_file(content, str(path))


def parse_voice_file(content: bytes, name: str) -> VoiceFile:
    """Parse the content of a voice file.

    Args:
        content: content of the whole file.
        name: name of the voice or file, for error messages only.

    Raises:
        PromptError: the content is damaged, of another version, or not a voice file.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    page = _read_page(content, name)
    if page.pop("version", None) != _VERSION:
        raise PromptError(
            f"{name} is a voice file of another version", expected=f"version {_VERSION}", fix="update hierbatch"
        )
    try:
        tensors = load(content)
        recording = tensors.pop(_RECORDING).tobytes()
        sources = tuple(VoiceSource(**source) for source in page.pop("sources"))
        numbers = {str(key): float(value) for key, value in page.pop("numbers").items()}
        found = VoiceFile(**page, sources=sources, numbers=numbers, arrays=tensors, reference_flac=recording)
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError, OverflowError, MemoryError) as error:
        raise _unusable(name, f"damaged content ({type(error).__name__})") from error
    _check_values(found, name)
    return found


def recording_of(content: bytes) -> bytes:
    """Encoded sound of a prompt: the reference recording of a voice file, or the content itself.

    Raises:
        PromptError: the voice file is damaged.
    """
    return parse_voice_file(content, "The voice").reference_flac if is_voice_file(content) else content


def _read_page(content: bytes, name: str) -> dict[str, Any]:
    """Metadata in the header of a voice file; raises PromptError."""
    n_bytes = int.from_bytes(content[:_LENGTH_BYTES], "little")
    if not 0 < n_bytes <= min(_MAX_HEADER_BYTES, len(content) - _LENGTH_BYTES):
        raise _unusable(name, "no header")
    try:
        header = json.loads(content[_LENGTH_BYTES : _LENGTH_BYTES + n_bytes])
        page = json.loads(header["__metadata__"][_KEY])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unusable(name, "another file") from error
    if not isinstance(page, dict):
        raise _unusable(name, "damaged metadata")
    return page


def _check_values(found: VoiceFile, name: str) -> None:
    texts = (found.voice, found.origin, found.model_kind, found.model_sha256, found.consent)
    has_texts = all(isinstance(text, str) for text in (*texts, found.description)) and found.origin in ORIGINS
    optional = (found.consent_ref, found.license, found.language)
    has_texts = has_texts and all(text is None or isinstance(text, str) for text in optional)
    finite = all(np.isfinite(value) for value in found.numbers.values())
    arrays = all(value.dtype == np.float32 and np.isfinite(value).all() for value in found.arrays.values())
    if not (has_texts and isinstance(found.synthetic, bool) and finite and arrays and found.reference_flac):
        raise _unusable(name, "invalid values")


def _unusable(name: str, got: str) -> PromptError:
    return PromptError(f"{name} is not a usable voice file", expected="a voice file", got=got, fix=_FIX)
