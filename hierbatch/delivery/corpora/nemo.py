"""NVIDIA NeMo: a JSON Lines manifest per split, with `audio_filepath`, `duration` and `text`, and WAV files.

Paths are relative to the manifest, as in NeMo. `speaker` is an integer, as NeMo's multi-speaker models require.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

from hierbatch.delivery.corpora.lines import LineFiles
from hierbatch.delivery.corpora.tagged_audio import write_tagged_wav
from hierbatch.delivery.corpora.utterances import CorpusUtterance


class NemoWriter:
    """Writer of `SPLIT_manifest.json`, `audio/VOICE/ID.wav` and `speakers.json` (numbers and names of speakers)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines = LineFiles(folder)
        self._speakers: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._lines.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._lines.__exit__(*error)

    def add(self, utterance: CorpusUtterance) -> None:
        """Write an utterance's WAV file and its manifest entry; raises OSError."""
        relative_path = f"audio/{utterance.voice}/{utterance.id}.wav"
        path = self._folder / relative_path
        path.parent.mkdir(parents=True, exist_ok=True)
        write_tagged_wav(path, utterance.flac, utterance.synthetic_notice)
        if utterance.speaker not in self._speakers:
            self._speakers[utterance.speaker] = len(self._speakers)
            self._lines.write_json("speakers.json", {"speaker": len(self._speakers) - 1, "name": utterance.speaker})
        entry = {
            "audio_filepath": relative_path,
            "duration": utterance.duration_s,
            "text": utterance.text,
            "normalized_text": utterance.text_norm,
            "speaker": self._speakers[utterance.speaker],
            "speaker_name": utterance.speaker,
            "lang": utterance.language,
            "id": utterance.id,
            **utterance.provenance(),
            **utterance.delivery,
            **utterance.measures,
        }
        self._lines.write_json(
            f"{utterance.split}_manifest.json", {name: value for name, value in entry.items() if value is not None}
        )
