"""Evaluation kit: speech scoring models loaded from a folder outside this repository.

The folder holds `evalkit.py` (speech recognizer, two speaker encoders, two predictors of mean opinion scores) and,
optionally, `align.py` (phone recognizer). Nothing is imported from the folder before `load_kit` is called.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import hierbatch
from hierbatch.audio.waveform import Samples
from hierbatch.errors import InputError, ProgramError

_KIT_FILE, _PHONE_FILE = "evalkit.py", "align.py"
_SPEAKER_NETWORKS = ("resemblyzer", "vfl")
Result = TypeVar("Result")


def shared_folder() -> Path:
    """Folder of speech and evaluation kit: `HIERBATCH_SHARED`, or `shared` next to the repository."""
    given = os.environ.get("HIERBATCH_SHARED")
    return Path(given) if given else Path(hierbatch.__file__).resolve().parents[2] / "shared"


@dataclass(frozen=True, slots=True)
class EvaluationKit:
    """Scoring models for 16 kHz audio.

    `fingerprint` changes with the kit's files. Every method raises ProgramError if the kit lacks a package.
    """

    scorers: ModuleType
    phone_recognizer: ModuleType | None
    fingerprint: str

    def transcribe(self, samples: Samples, language: str) -> str:
        """Transcript of the speech recognizer."""
        return str(_call(self.scorers.transcribe, samples, language))

    def normalize(self, text: str, language: str) -> str:
        """Normalize text for scoring: lower case, no punctuation, numbers in words if the kit supports it."""
        return str(_call(self.scorers.normalize, text, language))

    def similarity(self, one: Samples, other: Samples, network: str) -> float:
        """Cosine similarity of two clips' speaker embeddings; `network` is `resemblyzer` or `vfl` (else ValueError)."""
        if network not in _SPEAKER_NETWORKS:
            raise ValueError(f"expected one of {_SPEAKER_NETWORKS} as network, got {network!r}")
        return float(_call(self.scorers.speaker_similarity, one, other, network))

    def dnsmos(self, samples: Samples) -> dict[str, float]:
        """DNSMOS scores by name: `ovrl`, `sig` and `bak` (P.835), and the score of P.808."""
        return dict(_call(self.scorers.dnsmos, samples))

    def distillmos(self, samples: Samples) -> float:
        """DistillMOS: predicted mean opinion score."""
        return float(_call(self.scorers.distillmos, samples))

    def phonemes(self, samples: Samples) -> list[str] | None:
        """IPA phones recognized in English speech; None if the kit has no phone recognizer."""
        if self.phone_recognizer is None:
            return None
        return str(_call(self.phone_recognizer.recognise, samples)).split()


def load_kit(folder: Path) -> EvaluationKit:
    """Load the kit of a folder.

    Raises:
        InputError: the folder has no `evalkit.py`.
        ProgramError: a package that the kit needs is missing.
    """
    path = folder / _KIT_FILE
    if not path.is_file():
        raise InputError(
            "The evaluation kit is missing",
            expected=f"a folder with {_KIT_FILE}",
            got=f"{folder}, which {'has no such file' if folder.is_dir() else 'does not exist'}",
            fix="pass its folder with --kit, or set HIERBATCH_SHARED to the folder that holds tools/ and speech/",
        )
    phone_path = folder / _PHONE_FILE
    files = [file for file in (path, phone_path) if file.is_file()]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    return EvaluationKit(_load_file(path), _load_file(phone_path) if phone_path.is_file() else None, digest[:16])


def load_kit_module(folder: Path, name: str) -> ModuleType:
    """Import a module from the kit's folder, which is added to `sys.path`, since the module may import others from it.

    Raises:
        InputError: there is no such file.
        ProgramError: a package that the module needs is missing.
    """
    if not (folder / f"{name}.py").is_file():
        raise InputError(f"The evaluation kit has no {name}.py", expected=str(folder / f"{name}.py"))
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    with explain_missing_packages():
        return importlib.import_module(name)


def _load_file(path: Path) -> ModuleType:
    """Load a file as a module without registering it in `sys.modules`."""
    spec = importlib.util.spec_from_file_location(f"outside_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with explain_missing_packages():
        spec.loader.exec_module(module)
    return module


def _call(function: Callable[..., Result], *arguments: Any) -> Result:
    with explain_missing_packages():
        return function(*arguments)


@contextmanager
def explain_missing_packages() -> Iterator[None]:
    """Context that turns an ImportError into a ProgramError with the install command."""
    try:
        yield
    except ImportError as error:
        raise ProgramError(
            "The evaluation kit lacks a package",
            got=str(error),
            fix="pip install -e '.[kit]' and the packages named in the README.md next to evalkit.py",
        ) from error
