"""Recordings and their casts to voice tracks: what is spoken, in the target voices, with silence between."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from hierbatch.audio.activity import Span, SpeechDetector
from hierbatch.audio.waveform import Waveform
from hierbatch.manifest.rows import Take, Timing
from hierbatch.manifest.schema import TAKE_COLUMNS
from hierbatch.models.conversion import Conversion, convert_recording
from hierbatch.models.conversion_pieces import whole_frames
from hierbatch.models.converter import ConversionModel, Key
from hierbatch.stages.batching import Batches, BatchLimits
from hierbatch.stages.failures import reason
from hierbatch.stages.sources import open_source
from hierbatch.stages.takes import pitch_facts, sound_facts, takes_table
from hierbatch.stages.voices import VoiceShelf
from hierbatch.units import RATE_HZ

_NO_SPEECH = "no_speech"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One speaker of a recording and whose voice takes the place; without spans, whoever speaks anywhere."""

    speaker: str
    voice: str
    key: Key
    spans: tuple[Span, ...] | None


class Dub:
    """Makes the voice track of each planned recording, as long as the recording and at its rate.

    `timings` of a take say where its track speaks: the kind is `speech`, the text the speaker's name. One recording
    that fails leaves as a failed take.
    """

    reads: ClassVar[tuple[str, ...]] = (
        "id", "take_key", "attempt", "lang", "seed", "cast", "source", "source_sha256", "expected_duration_s",
        "error_kind", "error",
    )  # fmt: skip
    writes: ClassVar[tuple[str, ...]] = tuple(column.name for column in TAKE_COLUMNS)

    def __init__(self, model: ConversionModel, shelf: VoiceShelf, *, device: str) -> None:
        self._model, self._shelf, self._device = model, shelf, device
        self._detector = SpeechDetector()
        self._batches = Batches(BatchLimits(n_rows=1))  # a recording is worked alone, piece by piece

    def __call__(self, rows: pa.Table) -> pa.Table:
        listed = rows.select(list(self.reads)).to_pylist()
        takes = {row["id"]: self._refuse(row, row["error_kind"], row["error"]) for row in listed if row["error_kind"]}
        made = self._batches.work(
            [row for row in listed if not row["error_kind"]],
            lambda row: float(row["expected_duration_s"]),
            lambda batch: [self._dub(row) for row in batch],
            lambda row, error: self._refuse(row, *reason(error)),
        )
        takes.update((take.id, take) for take in made)
        return takes_table(rows, [takes[row["id"]] for row in listed])

    def _refuse(self, row: Mapping[str, Any], kind: str, error: str) -> Take:
        return Take(**self._origin(row), status="failed", error_kind=kind, error=error)

    def _dub(self, row: Mapping[str, Any]) -> Take:
        started = perf_counter()
        source = open_source(row["source"]["bytes"], row["source"]["path"], row["source_sha256"])
        spoken = [(part, self._spans(part, source)) for part in parts_of(row["cast"])]
        made = [self._convert(source, part, spans, row["seed"]) for part, spans in spoken if spans]
        track = np.zeros(source.n_samples, np.float32)
        for one in made:
            track += one.waveform.samples
        facts = sound_facts(Waveform(track, source.rate_hz), source.duration_s, row["id"])
        # Silence between what is spoken is what was asked for.
        facts["flags"] = tuple(flag for flag in facts["flags"] if flag == "clipped") if made else (_NO_SPEECH,)
        timings = [Timing(part.speaker, span.start_s, span.end_s, "speech") for part, spans in spoken for span in spans]
        return Take(
            **self._origin(row),
            status="ok",
            **facts,
            **pitch_facts(np.concatenate([np.zeros(0, np.float32), *(one.f0_hz for one in made)])),
            timings=tuple(sorted(timings, key=lambda timing: timing.start_s)),
            rtf=(perf_counter() - started) / source.duration_s,
        )

    def _spans(self, part: Part, source: Waveform) -> tuple[Span, ...]:
        """Where a part speaks, on whole frames: the mix takes the old voice out in the very same places."""
        spans = self._detector.find(source) if part.spans is None else part.spans
        n_samples = -(-source.n_samples * RATE_HZ // source.rate_hz)
        whole = whole_frames(spans, n_samples)
        return tuple(Span(first / RATE_HZ, min(source.duration_s, last / RATE_HZ)) for first, last in whole)

    def _convert(self, source: Waveform, part: Part, spans: Sequence[Span], seed: int) -> Conversion:
        voice = self._shelf.voice(part.voice)
        return convert_recording(self._model, source, voice, seed=seed, key=part.key, spans=spans)

    def _origin(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What is known of a take before it is made."""
        parts = parts_of(row["cast"])
        voices = list(dict.fromkeys(part.voice for part in parts))
        asked = {
            "cast": [
                {"speaker": p.speaker, "voice": p.voice, "key": f"{p.key.about} {p.key.semitones:g}"} for p in parts
            ],
            "source_sha256": row["source_sha256"],
        }
        return {name: row[name] for name in ("id", "take_key", "attempt", "lang", "seed", "expected_duration_s")} | {
            "text_norm": "",
            "phonemes": "",
            "voice": ", ".join(voices),
            "model": f"{self._model.name}:{self._model.fingerprint}",
            "params": json.dumps(asked, sort_keys=True, ensure_ascii=False),
            "voice_sha256": self._shelf.sha256(voices[0]) if len(voices) == 1 else None,
            "consent": ", ".join(dict.fromkeys(self._shelf.consent(voice) or "unknown" for voice in voices)),
            "hierbatch_version": version("hierbatch"),
            "device": self._device,
            "finished_at": datetime.now(UTC),
        }


def parts_of(cast: Sequence[Mapping[str, Any]]) -> list[Part]:
    """The speakers of a cast with all that each of them says, in the order they first speak."""
    spans: dict[tuple[Any, ...], list[Span]] = {}
    for entry in cast:
        who = (entry["speaker"], entry["voice"], entry["key_semitones"])
        here = spans.setdefault(who, [])
        if entry["start_s"] is not None:
            here.append(Span(entry["start_s"], entry["end_s"]))
    return [
        Part(
            speaker=speaker,
            voice=voice,
            key=Key() if semitones is None else Key(semitones=semitones, about="source"),
            spans=tuple(here) or None,
        )
        for (speaker, voice, semitones), here in spans.items()
    ]
