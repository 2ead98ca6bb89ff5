"""The voices a worker speaks in: read from the run's own table, heard by the model once each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.audio.files import read_sound
from hierbatch.errors import PromptError
from hierbatch.manifest.schema import VOICE_COLUMNS, Column, arrow_schema
from hierbatch.models.speech import SpeechModel

SHELF_SCHEMA = arrow_schema(
    [*VOICE_COLUMNS, Column("voice_sha256", pa.string(), "Hash of the prepared prompt.")], "run voices"
)


class VoiceShelf:
    """Voices by name; a prompt is decoded and encoded when its voice is first asked for."""

    def __init__(self, table: Path, model: SpeechModel) -> None:
        self._table = table
        self._model = model
        facts = pq.read_table(table, columns=["voice", "voice_sha256", "consent"]).to_pylist()
        self._facts = {row["voice"]: row for row in facts}
        self._voices: dict[str, Any] = {}

    def sha256(self, name: str) -> str:
        return str(self._facts[name]["voice_sha256"])

    def consent(self, name: str) -> str:
        return str(self._facts[name]["consent"])

    def voice(self, name: str) -> Any:
        """What the model made of a voice's prompt.

        Raises:
            PromptError: the model cannot use it.
        """
        if name not in self._voices:
            (prompt,) = pq.read_table(self._table, columns=["audio"], filters=[("voice", "=", name)]).to_pylist()
            waveform = read_sound(prompt["audio"]["bytes"], name=f"voice {name}", raises=PromptError)
            self._voices[name] = self._model.encode_voice(waveform)
        return self._voices[name]
