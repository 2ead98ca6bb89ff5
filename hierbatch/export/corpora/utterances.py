"""What a corpus is made of: the good takes of a run that no rule rejected, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from hierbatch.errors import RunError
from hierbatch.manifest.filters import FAILED
from hierbatch.manifest.run_layout import RunLayout
from hierbatch.manifest.takes import Takes

DELIVERY = ("speed", "pitch_semitones", "prosody", "seed")
MEASURES = (
    "loudness_lufs", "peak_db", "clipped_samples", "silence_ratio", "duration_ratio", "f0_median_hz",
    "f0_std_semitones", "snr_db", "semantic_dist", "speaker_similarity", "character_error",
)  # fmt: skip
"""Measures that travel with every utterance."""

_TAKEN = (
    "id", "status", "text_norm", "phonemes", "lang", "voice", "sample_rate_hz", "n_samples", "duration_s", "timings",
    "consent", "synthetic", "model", "hierbatch_version", "seed", *MEASURES,
)  # fmt: skip
_PASSED = ("text", "speaker", "split", "text_license", "speed", "pitch_semitones", "prosody")


@dataclass(frozen=True, slots=True)
class Word:
    """When a word is heard, in seconds from the start of its utterance."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusUtterance:
    """One utterance with everything that is to travel with it; `flac` is its sound."""

    id: str
    text: str
    text_norm: str
    phonemes: str
    lang: str
    speaker: str
    voice: str
    split: str
    sample_rate_hz: int
    n_samples: int
    duration_s: float
    words: tuple[Word, ...]
    consent: str
    consent_ref: str | None
    license: str | None
    """Licence of the voice's recording."""
    text_license: str | None
    synthetic: bool
    model: str
    hierbatch_version: str
    delivery: Mapping[str, Any]
    measures: Mapping[str, Any]
    flac: bytes

    def provenance(self) -> dict[str, Any]:
        """What must not be lost on the way: that a machine speaks, in whose voice, and with whose leave."""
        return {
            "synthetic": self.synthetic,
            "consent": self.consent,
            "consent_ref": self.consent_ref,
            "license": self.license,
            "text_license": self.text_license,
            "model": self.model,
            "hierbatch_version": self.hierbatch_version,
        }

    @property
    def mark(self) -> str:
        """The same in one line, for the comment inside a sound file."""
        return (
            f"Synthetic speech: {self.model}, hierbatch {self.hierbatch_version}; consent of the voice: {self.consent}"
        )


class CorpusSource:
    """A finished run, read a part at a time: memory holds one part's sound, and an index of some bytes a row.

    Raises:
        RunError: the run is not finished, or was worked on since it was filtered.
    """

    def __init__(self, run: Path) -> None:
        self._run = run
        self._takes = Takes(run)
        layout = RunLayout(run)
        if len(self._takes) < self._takes.n_rows:
            got = f"{len(self._takes)} of {self._takes.n_rows}"
            raise RunError(f"{run} is not finished", wanted="a take of every row", got=got, mend="run it to its end")
        shelf = pq.read_table(layout.voices_file(layout.newest_planned())).drop_columns("audio").to_pylist()
        self._voices = {row["voice"]: row for row in shelf}
        self._passed = [name for name in _PASSED if name in self._takes.schema.names]

    @cached_property
    def rejected(self) -> list[dict[str, Any]]:
        """Rows that do not go out, without sound: `id`, `lang`, `voice`, `text_norm`, `error`, `rejected_by`."""
        columns = ["id", "lang", "voice", "text_norm", "error"]
        layout = RunLayout(self._run)
        if not layout.corpus_rows.exists():
            table = self._takes.table([*columns, "status"])
            failed = table.filter(pc.not_equal(table.column("status"), "ok")).select(columns)
            return [row | {"rejected_by": [FAILED]} for row in failed.to_pylist()]
        if self._is_stale(layout):
            raise RunError(
                f"{self._run} was worked on since it was filtered", mend="run the same `hierbatch corpus` command again"
            )
        table = pq.read_table(layout.corpus_rows, columns=[*columns, "rejected_by"])
        return list(table.filter(pc.greater(pc.list_value_length(table.column("rejected_by")), 0)).to_pylist())

    def __iter__(self) -> Iterator[CorpusUtterance]:
        """Kept utterances, in the order of the parts."""
        out = {row["id"] for row in self.rejected}
        for rows in self._takes.in_pieces([*_TAKEN, *self._passed, "audio"]):
            for batch in rows.to_batches(max_chunksize=16):
                for row in batch.to_pylist():
                    if row["id"] not in out:
                        yield self._utterance(row)

    def _is_stale(self, layout: RunLayout) -> bool:
        judged = pq.read_table(layout.corpus_rows, columns=["id", "take_key", "attempt"])
        if judged.num_rows != len(self._takes):
            return True
        now = self._takes.table(["id", "take_key", "attempt"])
        return not judged.sort_by("id").equals(now.sort_by("id").cast(judged.schema))

    def _utterance(self, row: dict[str, Any]) -> CorpusUtterance:
        voice = self._voices.get(row["voice"], {})
        words = [Word(t["text"], t["start_s"], t["end_s"]) for t in row["timings"] or () if t["kind"] == "word"]
        return CorpusUtterance(
            id=row["id"],
            text=row.get("text") or row["text_norm"] or "",
            text_norm=row["text_norm"] or "",
            phonemes=row["phonemes"] or "",
            lang=row["lang"] or "",
            speaker=row.get("speaker") or voice.get("speaker") or row["voice"],
            voice=row["voice"],
            split=row.get("split") or "train",
            sample_rate_hz=row["sample_rate_hz"],
            n_samples=row["n_samples"],
            duration_s=row["duration_s"],
            words=tuple(words),
            consent=row["consent"] or "unknown",
            consent_ref=voice.get("consent_ref"),
            license=voice.get("license"),
            text_license=row.get("text_license"),
            synthetic=row["synthetic"],
            model=row["model"],
            hierbatch_version=row["hierbatch_version"],
            delivery={name: row.get(name) for name in DELIVERY},
            measures={name: row[name] for name in MEASURES},
            flac=row["audio"]["bytes"],
        )
