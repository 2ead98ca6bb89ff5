"""Lhotse: cuts, recordings and supervisions as compressed JSON Lines per split, with the audio in separate files.

Paths are relative to the folder of the export, so that the folder can be moved; to complete the paths, use
`CutSet.with_recording_path_prefix`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from hierbatch.delivery.corpora.lines import LineFiles
from hierbatch.delivery.corpora.tagged_audio import tag_flac
from hierbatch.delivery.corpora.utterances import CorpusUtterance


class LhotseWriter:
    """Writer of `cuts_SPLIT.jsonl.gz`, `recordings_SPLIT.jsonl.gz`, `supervisions_SPLIT.jsonl.gz`, `audio/VOICE/`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines = LineFiles(folder)

    def __enter__(self) -> Self:
        self._lines.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._lines.__exit__(*error)

    def add(self, utterance: CorpusUtterance) -> None:
        """Write an utterance's audio and its cut, recording and supervision; raises OSError."""
        relative_path = f"audio/{utterance.voice}/{utterance.id}.flac"
        path = self._folder / relative_path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(tag_flac(utterance.flac, utterance.synthetic_notice))
        recording, supervision = _recording(utterance, relative_path), _supervision(utterance)
        cut = {
            "id": utterance.id,
            "start": 0.0,
            "duration": utterance.duration_s,
            "channel": 0,
            "supervisions": [supervision],
            "recording": recording,
            "type": "MonoCut",
        }
        for kind, content in (("cuts", cut), ("recordings", recording), ("supervisions", supervision)):
            self._lines.write_json(f"{kind}_{utterance.split}.jsonl.gz", content)


def _recording(utterance: CorpusUtterance, relative_path: str) -> dict[str, Any]:
    return {
        "id": utterance.id,
        "sources": [{"type": "file", "channels": [0], "source": relative_path}],
        "sampling_rate": utterance.sample_rate_hz,
        "num_samples": utterance.n_samples,
        "duration": utterance.duration_s,
        "channel_ids": [0],
    }


def _supervision(utterance: CorpusUtterance) -> dict[str, Any]:
    known = {**utterance.provenance(), **utterance.delivery, **utterance.measures}
    words = [[word.text, round(word.start_s, 4), round(word.end_s - word.start_s, 4)] for word in utterance.words]
    return {
        "id": utterance.id,
        "recording_id": utterance.id,
        "start": 0.0,
        "duration": utterance.duration_s,
        "channel": 0,
        "text": utterance.text,
        "language": utterance.language,
        "speaker": utterance.speaker,
        "custom": {"text_norm": utterance.text_norm, "voice": utterance.voice}
        | {name: value for name, value in known.items() if value is not None},
        "alignment": {"word": words},
    }
