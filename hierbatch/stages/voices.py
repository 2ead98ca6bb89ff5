"""The voices a worker speaks in: read from the run's own table, heard by the model once each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.audio.files import read_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import PromptError
from hierbatch.manifest.schema import VOICE_COLUMNS, Column, arrow_schema
from hierbatch.object_path import readable

SHELF_SCHEMA = arrow_schema(
    [
        *VOICE_COLUMNS,
        Column("voice_sha256", pa.string(), "Hash of the prepared prompt, and of how it is heard."),
        Column("denoise_ratio", pa.float64(), "How much of it the model's own denoiser takes, 0 to 1."),
    ],
    "run voices",
)


EncodeVoice = Callable[..., Any]
"""What a model makes of a prompt, with `denoise_ratio` where it has a denoiser and the run says; raises PromptError
where it cannot be used."""


class VoiceShelf:
    """Voices by name; a prompt is decoded and encoded when its voice is first asked for.

    A prompt shorter than `repeat_to_s` is said over and over until it is that long.
    """

    def __init__(self, table: Path, encode: EncodeVoice, *, repeat_to_s: float = 0.0) -> None:
        self._table = table
        self._repeat_to_s = repeat_to_s
        self._encode = encode
        named = [name for name in pq.read_schema(readable(table)).names if name != "audio"]
        facts = pq.read_table(readable(table), columns=named).to_pylist()
        self._facts = {row["voice"]: row for row in facts}
        self._voices: dict[str, Any] = {}

    def sha256(self, name: str) -> str | None:
        """None for a voice that could not be used."""
        return self._facts[name]["voice_sha256"] if name in self._facts else None

    def consent(self, name: str) -> str | None:
        return self._facts[name]["consent"] if name in self._facts else None

    def voice(self, name: str) -> Any:
        """What the model made of a voice's prompt.

        Raises:
            PromptError: the model cannot use it.
        """
        if name not in self._voices:
            prompt = _repeated(read_prompt(self._table, name), self._repeat_to_s)
            ratio = self._facts[name].get("denoise_ratio")
            self._voices[name] = self._encode(prompt) if ratio is None else self._encode(prompt, denoise_ratio=ratio)
        return self._voices[name]


def read_prompt(table: Path, voice: str) -> Waveform:
    """A voice's recording from a run's own table, at its own rate; raises PromptError."""
    (row,) = pq.read_table(readable(table), columns=["audio"], filters=[("voice", "=", voice)]).to_pylist()
    return read_sound(row["audio"]["bytes"], name=f"voice {voice}", raises=PromptError)


def _repeated(prompt: Waveform, duration_s: float) -> Waveform:
    n_samples = int(duration_s * prompt.rate_hz)
    return prompt if prompt.n_samples >= n_samples else Waveform(np.resize(prompt.samples, n_samples), prompt.rate_hz)
