"""Lhotse: cuts, recordings and supervisions as compressed JSON Lines a split, beside the sound they point to.

Paths are relative to the export, so that it may be moved: `CutSet.with_recording_path_prefix` puts its folder before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from hierbatch.export.corpora.lines import LineFiles
from hierbatch.export.corpora.sounds import marked_flac
from hierbatch.export.corpora.utterances import CorpusUtterance


class LhotseWriter:
    """Writes `cuts_SPLIT.jsonl.gz`, `recordings_SPLIT.jsonl.gz`, `supervisions_SPLIT.jsonl.gz` and `audio/VOICE/`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines = LineFiles(folder)

    def __enter__(self) -> Self:
        self._lines.__enter__()
        return self

    def __exit__(self, *problem: object) -> None:
        self._lines.__exit__(*problem)

    def add(self, utterance: CorpusUtterance) -> None:
        place = f"audio/{utterance.voice}/{utterance.id}.flac"
        path = self._folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(marked_flac(utterance.flac, utterance.mark))
        recording, supervision = _recording(utterance, place), _supervision(utterance)
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


def _recording(utterance: CorpusUtterance, place: str) -> dict[str, Any]:
    return {
        "id": utterance.id,
        "sources": [{"type": "file", "channels": [0], "source": place}],
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
        "language": utterance.lang,
        "speaker": utterance.speaker,
        "custom": {"text_norm": utterance.text_norm, "voice": utterance.voice}
        | {name: value for name, value in known.items() if value is not None},
        "alignment": {"word": words},
    }
