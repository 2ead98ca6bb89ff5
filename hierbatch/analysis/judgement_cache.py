"""Judgements already made, kept on disk: a recording is heard once, not once a model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hierbatch.audio.waveform import Samples
from hierbatch.storage import write_whole

Judgement = TypeVar("Judgement", bound="str | float | list[str] | dict[str, float] | None")


class JudgementCache:
    """One small JSON file a judgement, named by a hash of the judge, the question and the sound."""

    def __init__(self, folder: Path, judge: str) -> None:
        self._folder = folder
        self._judge = judge

    def recall(self, question: str, sounds: tuple[Samples, ...], ask: Callable[[], Judgement]) -> Judgement:
        """The answer given before, or a new one, which is kept."""
        digest = hashlib.sha256(f"{self._judge} {question}".encode())
        for samples in sounds:
            digest.update(samples.tobytes())
        path = self._folder / f"{digest.hexdigest()[:32]}.json"
        if path.is_file():
            known: Judgement = json.loads(path.read_text(encoding="utf-8"))
            return known
        answer = ask()
        with write_whole(path) as aside:
            aside.write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
        return answer
