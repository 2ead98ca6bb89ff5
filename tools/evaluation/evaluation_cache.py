"""On-disk cache of evaluation results, so that a recording is scored once and not again for every model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hierbatch.audio.waveform import Samples
from hierbatch.storage import write_atomically

Result = TypeVar("Result", bound="str | float | list[str] | dict[str, float] | None")


class EvaluationCache:
    """Folder with one small JSON file per result, named by a hash of the scorer, the question and the audio."""

    def __init__(self, folder: Path, scorer: str) -> None:
        self._folder = folder
        self._scorer = scorer

    def get_or_compute(self, question: str, sounds: tuple[Samples, ...], compute: Callable[[], Result]) -> Result:
        """Return the stored result, or compute and store it.

        Args:
            question: name of the computation; part of the key.
            sounds: audio that the result is computed from; part of the key.
            compute: function that computes the result.
        """
        digest = hashlib.sha256(f"{self._scorer} {question}".encode())
        for samples in sounds:
            digest.update(samples.tobytes())
        path = self._folder / f"{digest.hexdigest()[:32]}.json"
        if path.is_file():
            known: Result = json.loads(path.read_text(encoding="utf-8"))
            return known
        result = compute()
        with write_atomically(path) as temporary:
            temporary.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
        return result
