"""Dubbing stage: recordings and their casts to voice tracks, with silence between the speech."""

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

from hierbatch.audio.activity import TimeSpan, speech_detector
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.manifest.rows import Take, Timing
from hierbatch.manifest.schema import TAKE_COLUMNS
from hierbatch.models.conversion.interface import ConversionModel, Transposition
from hierbatch.models.conversion.recording import Conversion, convert_recording
from hierbatch.models.conversion.segments import align_spans_to_frames
from hierbatch.stages.batching import Batches, BatchLimits
from hierbatch.stages.failures import reason
from hierbatch.stages.recordings import read_source
from hierbatch.stages.takes import pitch_facts, sound_facts, takes_table
from hierbatch.stages.voices import VoiceStore

_NO_SPEECH = "no_speech"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerTrack:
    """A speaker of a recording, the target voice, and the spans; None for all speech of the recording."""

    speaker: str
    voice: str
    transposition: Transposition
    spans: tuple[TimeSpan, ...] | None


class Dub:
    """Makes the voice track of each planned recording, with the length and sample rate of the recording.

    `timings` of a take are the spans with speech: their kind is `speech`, their text the name of the speaker. A
    recording that fails becomes a failed take.
    """

    reads: ClassVar[tuple[str, ...]] = (
        "id", "take_key", "attempt", "language", "seed", "cast", "source", "source_sha256", "expected_duration_s",
        "error_kind", "error",
    )  # fmt: skip
    writes: ClassVar[tuple[str, ...]] = tuple(column.name for column in TAKE_COLUMNS)

    def __init__(self, model: ConversionModel, voices: VoiceStore, *, device: str) -> None:
        self._model, self._voices, self._device = model, voices, device
        self._detector = speech_detector()
        self._batches = Batches(BatchLimits(n_rows=1))  # each recording is processed alone, in segments

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Make a voice track for each planned row, in the same order."""
        listed = rows.select(list(self.reads)).to_pylist()
        takes = {
            row["id"]: self._failed_take(row, row["error_kind"], row["error"]) for row in listed if row["error_kind"]
        }
        dubbed = self._batches.work(
            [row for row in listed if not row["error_kind"]],
            lambda row: float(row["expected_duration_s"]),
            lambda batch: [self._dub(row) for row in batch],
            lambda row, error: self._failed_take(row, *reason(error)),
        )
        takes.update((take.id, take) for take in dubbed)
        return takes_table(rows, [takes[row["id"]] for row in listed])

    def _failed_take(self, row: Mapping[str, Any], kind: str, error: str) -> Take:
        return Take(**self._common_fields(row), status="failed", error_kind=kind, error=error)

    def _dub(self, row: Mapping[str, Any]) -> Take:
        started = perf_counter()
        opened = read_source(row["source"]["bytes"], row["source"]["path"], row["source_sha256"])
        source = opened.waveform
        tracks = [(track, self._spans(track, source)) for track in speaker_tracks(row["cast"])]
        conversions = [self._convert(source, track, spans, row["seed"]) for track, spans in tracks if spans]
        mix = np.zeros(source.n_samples, np.float32)
        for conversion in conversions:
            mix += conversion.waveform.samples
        facts = sound_facts(Waveform(mix, source.rate_hz), source.duration_s, row["id"])
        # Silence between the speech is intended.
        facts["flags"] = tuple(flag for flag in facts["flags"] if flag == "clipped") if conversions else (_NO_SPEECH,)
        facts["flags"] += opened.flags
        timings = [
            Timing(track.speaker, span.start_s, span.end_s, "speech") for track, spans in tracks for span in spans
        ]
        return Take(
            **self._common_fields(row),
            status="ok",
            **facts,
            **pitch_facts(np.concatenate([np.zeros(0, np.float32), *(conversion.f0_hz for conversion in conversions)])),
            timings=tuple(sorted(timings, key=lambda timing: timing.start_s)),
            rtf=(perf_counter() - started) / source.duration_s,
        )

    def _spans(self, track: SpeakerTrack, source: Waveform) -> tuple[TimeSpan, ...]:
        """Spans of a speaker, in whole frames; the mix removes the original voice in exactly these spans."""
        spans = self._detector.find(source) if track.spans is None else track.spans
        n_samples = -(-source.n_samples * RATE_HZ // source.rate_hz)
        whole = align_spans_to_frames(spans, n_samples)
        return tuple(TimeSpan(first / RATE_HZ, min(source.duration_s, last / RATE_HZ)) for first, last in whole)

    def _convert(self, source: Waveform, track: SpeakerTrack, spans: Sequence[TimeSpan], seed: int) -> Conversion:
        voice = self._voices.voice(track.voice)
        return convert_recording(self._model, source, voice, seed=seed, transposition=track.transposition, spans=spans)

    def _common_fields(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Fields of a take that are known before the conversion."""
        tracks = speaker_tracks(row["cast"])
        voices = list(dict.fromkeys(track.voice for track in tracks))
        settings = {
            "cast": [
                {
                    "speaker": t.speaker,
                    "voice": t.voice,
                    "key": f"{t.transposition.relative_to} {t.transposition.semitones:g}",
                }
                for t in tracks
            ],
            "source_sha256": row["source_sha256"],
        }
        return {
            name: row[name] for name in ("id", "take_key", "attempt", "language", "seed", "expected_duration_s")
        } | {
            "text_norm": "",
            "phonemes": "",
            "voice": ", ".join(voices),
            "model": f"{self._model.name}:{self._model.fingerprint}",
            "settings_json": json.dumps(settings, sort_keys=True, ensure_ascii=False),
            "voice_sha256": self._voices.sha256(voices[0]) if len(voices) == 1 else None,
            "consent": ", ".join(dict.fromkeys(self._voices.consent(voice) or "unknown" for voice in voices)),
            "hierbatch_version": version("hierbatch"),
            "device": self._device,
            "finished_at": datetime.now(UTC),
        }


def speaker_tracks(cast: Sequence[Mapping[str, Any]]) -> list[SpeakerTrack]:
    """Group a cast by speaker, target voice and key, in order of appearance."""
    spans: dict[tuple[Any, ...], list[TimeSpan]] = {}
    for entry in cast:
        key = (entry["speaker"], entry["voice"], entry["key_semitones"])
        own_spans = spans.setdefault(key, [])
        if entry["start_s"] is not None:
            own_spans.append(TimeSpan(entry["start_s"], entry["end_s"]))
    return [
        SpeakerTrack(
            speaker=speaker,
            voice=voice,
            transposition=Transposition()
            if semitones is None
            else Transposition(semitones=semitones, relative_to="source"),
            spans=tuple(own_spans) or None,
        )
        for (speaker, voice, semitones), own_spans in spans.items()
    ]
