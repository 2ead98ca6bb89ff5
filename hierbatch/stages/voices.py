"""Voices that a worker uses, read from the voice table of the run; the model encodes each voice once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.audio.files import read_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import PromptError
from hierbatch.manifest.columns.column import Column
from hierbatch.manifest.columns.schema import VOICE_COLUMNS, arrow_schema
from hierbatch.manifest.voices.voice_file import VoiceFile, parse_voice_file
from hierbatch.object_path import arrow_source

VOICE_TABLE_SCHEMA = arrow_schema(
    [
        *VOICE_COLUMNS,
        Column("voice_sha256", pa.string(), "Hash of the prepared prompt and its denoising strength."),
        Column("voice_file", pa.binary(), "Voice file of a voice without a recording; `audio` is then synthesized."),
        Column("denoise_ratio", pa.float64(), "Strength of the model's own denoiser, 0 to 1."),
    ],
    "run voices",
)


_LARGE_COLUMNS = ("audio", "voice_file")

EncodeVoice = Callable[..., Any]
"""Function that encodes a prompt for a model; it has the keyword `denoise_ratio` if the run sets one, and raises
PromptError for an unusable prompt."""


@runtime_checkable
class OpensVoiceFiles(Protocol):
    """Protocol for a model that can use voice files."""

    def open_voice(self, file: VoiceFile) -> Any:
        """Encoded voice of a voice file; None if the file was created for other weights."""


class VoiceStore:
    """Encoded voices by name, loaded on first use.

    Prompts shorter than `min_duration_s` are repeated up to that length. For a model that cannot use a voice
    file, the reference recording in the file is the prompt.
    """

    def __init__(self, table: Path, encode: EncodeVoice, *, model: object = None, min_duration_s: float = 0.0) -> None:
        self._table = table
        self._repeat_to_s, self._model = min_duration_s, model
        self._encode = encode
        columns = [name for name in pq.read_schema(arrow_source(table)).names if name not in _LARGE_COLUMNS]
        facts = pq.read_table(arrow_source(table), columns=columns).to_pylist()
        self._facts = {row["voice"]: row for row in facts}
        self._voices: dict[str, Any] = {}

    def sha256(self, name: str) -> str | None:
        """Hash of the prepared prompt of a voice; None for a voice that is not in the table."""
        return self._facts[name]["voice_sha256"] if name in self._facts else None

    def consent(self, name: str) -> str | None:
        """Consent of a voice; None for a voice that is not in the table."""
        return self._facts[name]["consent"] if name in self._facts else None

    def voice(self, name: str) -> Any:
        """Return the encoded prompt of a voice, encoding it on first use.

        Raises:
            PromptError: the voice is not in the table, or the model cannot use its prompt.
        """
        if name not in self._voices and (opened := self._opened(name)) is not None:
            self._voices[name] = opened
        if name not in self._voices:
            prompt = repeat_to(read_prompt(self._table, name), self._repeat_to_s)
            ratio = self._facts[name].get("denoise_ratio")
            self._voices[name] = self._encode(prompt) if ratio is None else self._encode(prompt, denoise_ratio=ratio)
        return self._voices[name]

    def _opened(self, name: str) -> Any:
        """Encoded voice of a voice file; None for a recording, or for a voice file that the model cannot use."""
        is_named = name in self._facts and "voice_file" in pq.read_schema(arrow_source(self._table)).names
        if not is_named or not isinstance(self._model, OpensVoiceFiles):
            return None
        filters = [("voice", "=", name)]
        rows = pq.read_table(arrow_source(self._table), columns=["voice_file"], filters=filters).to_pylist()
        content = rows[0]["voice_file"] if rows else None
        return self._model.open_voice(parse_voice_file(content, f"voice {name}")) if content else None


def read_prompt(table: Path, voice: str) -> Waveform:
    """Read the prompt of a voice from the voice table of a run, at its own sample rate; raises PromptError."""
    rows = pq.read_table(arrow_source(table), columns=["audio"], filters=[("voice", "=", voice)]).to_pylist()
    if not rows:
        raise PromptError(f"There is no voice {voice} in this run", fix="choose a voice of the run's voice table")
    (row,) = rows
    return read_sound(row["audio"]["bytes"], name=f"voice {voice}", raises=PromptError)


def repeat_to(prompt: Waveform, duration_s: float) -> Waveform:
    """Repeat a prompt that is shorter than `duration_s` up to that length, as in HierSpeech++; else return it as is."""
    n_samples = int(duration_s * prompt.rate_hz)
    return prompt if prompt.n_samples >= n_samples else Waveform(np.resize(prompt.samples, n_samples), prompt.rate_hz)
