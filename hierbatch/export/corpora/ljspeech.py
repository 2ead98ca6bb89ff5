"""LJSpeech's layout: `wavs/ID.wav` and `metadata.csv` of `ID|text|normalized text`, without quotes or a header."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from hierbatch.export.corpora.lines import LineFiles
from hierbatch.export.corpora.sounds import write_marked_wav
from hierbatch.export.corpora.utterances import CorpusUtterance

_FACTS = ("id", "speaker", "lang", "split", "voice", "synthetic", "consent", "consent_ref", "license", "text_license")


class LJSpeechWriter:
    """Beside the layout's own: `metadata_SPLIT.csv` a split, and `provenance.csv`, which says who is heard."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "wavs"
        self._lines = LineFiles(folder)

    def __enter__(self) -> Self:
        self._folder.mkdir()
        self._lines.__enter__()
        self._lines.write("provenance.csv", "|".join(_FACTS))
        return self

    def __exit__(self, *problem: object) -> None:
        self._lines.__exit__(*problem)

    def add(self, utterance: CorpusUtterance) -> None:
        write_marked_wav(self._folder / f"{utterance.id}.wav", utterance.flac, utterance.mark)
        line = "|".join([utterance.id, _field(utterance.text), _field(utterance.text_norm)])
        self._lines.write("metadata.csv", line)
        self._lines.write(f"metadata_{utterance.split}.csv", line)
        facts = [str(value) if value is not None else "" for value in (getattr(utterance, name) for name in _FACTS)]
        self._lines.write("provenance.csv", "|".join(_field(fact) for fact in facts))


def _field(text: str) -> str:
    """The format has no way to write its own separator, or a line's end, inside a field."""
    return " ".join(text.replace("|", " ").split())
