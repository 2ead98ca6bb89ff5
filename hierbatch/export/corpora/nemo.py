"""NVIDIA NeMo: a manifest of JSON Lines a split, with `audio_filepath`, `duration` and `text`, and WAV files.

Paths are relative to the manifest, as NeMo resolves them. `speaker` is a number, as its multi-speaker models want it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

from hierbatch.export.corpora.lines import LineFiles
from hierbatch.export.corpora.sounds import write_marked_wav
from hierbatch.export.corpora.utterances import CorpusUtterance


class NemoWriter:
    """Writes `SPLIT_manifest.json`, `audio/VOICE/ID.wav` and `speakers.json`, numbers and names of speakers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines = LineFiles(folder)
        self._speakers: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._lines.__enter__()
        return self

    def __exit__(self, *problem: object) -> None:
        self._lines.__exit__(*problem)

    def add(self, utterance: CorpusUtterance) -> None:
        place = f"audio/{utterance.voice}/{utterance.id}.wav"
        path = self._folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        write_marked_wav(path, utterance.flac, utterance.mark)
        if utterance.speaker not in self._speakers:
            self._speakers[utterance.speaker] = len(self._speakers)
            self._lines.write_json("speakers.json", {"speaker": len(self._speakers) - 1, "name": utterance.speaker})
        entry = {
            "audio_filepath": place,
            "duration": utterance.duration_s,
            "text": utterance.text,
            "normalized_text": utterance.text_norm,
            "speaker": self._speakers[utterance.speaker],
            "speaker_name": utterance.speaker,
            "lang": utterance.lang,
            "id": utterance.id,
            **utterance.provenance(),
            **utterance.delivery,
            **utterance.measures,
        }
        self._lines.write_json(
            f"{utterance.split}_manifest.json", {name: value for name, value in entry.items() if value is not None}
        )
