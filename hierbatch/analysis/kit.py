"""The outside judges of speech: an evaluation kit loaded from a folder that is no part of this repository.

The kit is a folder with `evalkit.py` (a recogniser, two speaker networks, two predictors of listeners' opinion) and,
where phonemes are to be judged too, `align.py`. Nothing of it is imported before it is asked for.
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

_JUDGES, _RECOGNISER = "evalkit.py", "align.py"
_SPEAKER_NETWORKS = ("resemblyzer", "vfl")
Result = TypeVar("Result")


def shared_folder() -> Path:
    """Where speech and judges lie that are no part of the repository: `HIERBATCH_SHARED`, or `../shared` beside it."""
    given = os.environ.get("HIERBATCH_SHARED")
    return Path(given) if given else Path(hierbatch.__file__).resolve().parents[2] / "shared"


@dataclass(frozen=True, slots=True)
class EvaluationKit:
    """Judges of 16 kHz sound.

    `fingerprint` changes with the kit's own files. Every method raises ProgramError where a package that the kit
    stands on is missing.
    """

    judges: ModuleType
    recogniser: ModuleType | None
    fingerprint: str

    def transcribe(self, samples: Samples, language: str) -> str:
        return str(_asked(self.judges.transcribe, samples, language))

    def normalize(self, text: str, language: str) -> str:
        """Text as the judge compares it: lower case, no punctuation, numbers in words where the kit knows how."""
        return str(_asked(self.judges.normalize, text, language))

    def similarity(self, one: Samples, other: Samples, network: str) -> float:
        """Cosine of two clips' speaker embeddings; `network` is `resemblyzer` or `vfl`."""
        if network not in _SPEAKER_NETWORKS:
            raise ValueError(f"network is {network!r}, wanted one of {_SPEAKER_NETWORKS}")
        return float(_asked(self.judges.speaker_similarity, one, other, network))

    def dnsmos(self, samples: Samples) -> dict[str, float]:
        """DNSMOS P.835: `ovrl`, `sig`, `bak` and P.808."""
        return dict(_asked(self.judges.dnsmos, samples))

    def distillmos(self, samples: Samples) -> float:
        return float(_asked(self.judges.distillmos, samples))

    def phonemes(self, samples: Samples) -> list[str] | None:
        """IPA phones heard in English speech; None where the kit has no phoneme recogniser."""
        if self.recogniser is None:
            return None
        return str(_asked(self.recogniser.recognise, samples)).split()


def load_kit(folder: Path) -> EvaluationKit:
    """The kit in a folder.

    Raises:
        InputError: the folder holds no `evalkit.py`.
        ProgramError: the kit cannot be imported.
    """
    path = folder / _JUDGES
    if not path.is_file():
        raise InputError(
            "The evaluation kit is not there",
            wanted=f"a folder with {_JUDGES}",
            got=f"{folder}, which {'has none' if folder.is_dir() else 'does not exist'}",
            mend="pass its folder with --kit, or set HIERBATCH_SHARED to the folder that holds tools/ and speech/",
        )
    recogniser = folder / _RECOGNISER
    files = [file for file in (path, recogniser) if file.is_file()]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    return EvaluationKit(_module(path), _module(recogniser) if recogniser.is_file() else None, digest[:16])


def load_beside(folder: Path, name: str) -> ModuleType:
    """Another module of the kit's folder, which stays importable: it imports those beside it when it is asked.

    Raises:
        InputError: there is no such file.
        ProgramError: it cannot be imported.
    """
    if not (folder / f"{name}.py").is_file():
        raise InputError(f"The evaluation kit has no {name}.py", wanted=str(folder / f"{name}.py"))
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    with missing_packages():
        return importlib.import_module(name)


def _module(path: Path) -> ModuleType:
    """The file as a module of its own name, which is not put among the importable ones."""
    spec = importlib.util.spec_from_file_location(f"outside_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with missing_packages():
        spec.loader.exec_module(module)
    return module


def _asked(judge: Callable[..., Result], *arguments: Any) -> Result:
    with missing_packages():
        return judge(*arguments)


@contextmanager
def missing_packages() -> Iterator[None]:
    """Around what imports a package that need not be there: ProgramError says how to install it."""
    try:
        yield
    except ImportError as error:
        raise ProgramError(
            "The evaluation kit lacks a package",
            got=str(error),
            mend="pip install -e '.[kit]' and what the README.md beside evalkit.py names",
        ) from error
