"""LJSpeech layout: `wavs/ID.wav`, and `metadata.csv` with lines `ID|text|normalized text`, without quotes or header."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from hierbatch.delivery.corpora.lines import LineFiles
from hierbatch.delivery.corpora.tagged_audio import write_tagged_wav
from hierbatch.delivery.corpora.utterances import CorpusUtterance

_PROVENANCE = (
    "id",
    "speaker",
    "language",
    "split",
    "voice",
    "synthetic",
    "consent",
    "consent_ref",
    "license",
    "text_license",
)


class LJSpeechWriter:
    """Writer of the LJSpeech layout, of `metadata_SPLIT.csv`, and of `provenance.csv` with speakers and consent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "wavs"
        self._lines = LineFiles(folder)

    def __enter__(self) -> Self:
        self._folder.mkdir()
        self._lines.__enter__()
        self._lines.write("provenance.csv", "|".join(_PROVENANCE))
        return self

    def __exit__(self, *error: object) -> None:
        self._lines.__exit__(*error)

    def add(self, utterance: CorpusUtterance) -> None:
        """Write an utterance's WAV file and its lines in the tables; raises OSError."""
        write_tagged_wav(self._folder / f"{utterance.id}.wav", utterance.flac, utterance.synthetic_notice)
        line = "|".join([utterance.id, _field(utterance.text), _field(utterance.text_norm)])
        self._lines.write("metadata.csv", line)
        self._lines.write(f"metadata_{utterance.split}.csv", line)
        provenance = [
            str(value) if value is not None else "" for value in (getattr(utterance, name) for name in _PROVENANCE)
        ]
        self._lines.write("provenance.csv", "|".join(_field(value) for value in provenance))


def _field(text: str) -> str:
    """Replace separators and line breaks, which the format cannot escape, with spaces."""
    return " ".join(text.replace("|", " ").split())
