"""Dubbing stage: recordings and their casts in, voice tracks out, with silence between the speech."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from hierbatch.audio.activity import TimeSpan, speech_detector
from hierbatch.audio.level import full_scale_gain, peak_level
from hierbatch.audio.pitch import F0
from hierbatch.audio.resample import read_resampled, resample_blocks, resampled_length
from hierbatch.audio.waveform import in_blocks
from hierbatch.constants import RATE_HZ
from hierbatch.manifest.columns.rows import PlannedRecording, Timing
from hierbatch.models.conversion.interface import ConversionModel, Transposition
from hierbatch.models.conversion.recording import Conversion, convert_recording
from hierbatch.models.conversion.segments import align_spans_to_frames
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.stages.batching import BatchLimits
from hierbatch.stages.recordings import SourceStream, stream_source
from hierbatch.stages.take_maker import Opened, TakeMaker
from hierbatch.stages.takes import StreamedTake, pitch_facts, stream_take
from hierbatch.stages.voices import VoiceStore

_NO_SPEECH = "no_speech"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerTrack:
    """Speaker of a recording, the target voice, and the spans to convert; `spans` is None for all speech."""

    speaker: str
    voice: str
    transposition: Transposition
    spans: tuple[TimeSpan, ...] | None


@dataclass(frozen=True, slots=True)
class DubbedRecording:
    """Voice track of a recording, with the F0 in Hz and the spans of each conversion in the track."""

    take: StreamedTake
    duration_s: float
    f0_hz: Sequence[F0]
    spans: Sequence[tuple[SpeakerTrack, Sequence[TimeSpan]]]
    source_flags: tuple[str, ...]


class Dub(TakeMaker[PlannedRecording, None, DubbedRecording]):
    """Stage that makes the voice track of each planned recording, with the length and sample rate of the recording.

    The `timings` of a take are the spans with speech; their kind is `speech` and their text is the speaker's name.
    """

    reads: ClassVar[tuple[str, ...]] = (
        "id", "take_key", "attempt", "language", "seed", "cast", "source", "source_sha256", "expected_duration_s",
        "error_kind", "error",
    )  # fmt: skip

    def __init__(self, model: ConversionModel, voices: VoiceStore, *, placement: DevicePlacement) -> None:
        # Each recording is processed alone, in segments.
        super().__init__(model, voices, device=str(placement), limits=BatchLimits(n_rows=1))
        self._model, self._voices = model, voices
        self._detector = speech_detector()

    def read_row(self, row: Mapping[str, Any]) -> PlannedRecording:
        """Create a planned recording from a plan row."""
        return PlannedRecording.from_row(row)

    def open(self, row: PlannedRecording) -> None:
        """Do nothing: a recording may last two hours, so only the one in progress is in memory."""

    def length_s(self, item: Opened[PlannedRecording, None]) -> float:
        """Expected duration of the recording in seconds."""
        return item.row.expected_duration_s

    def make(self, batch: Sequence[Opened[PlannedRecording, None]]) -> list[DubbedRecording]:
        """Convert the speech of each recording."""
        return [self._dub(item.row) for item in batch]

    def measure(self, item: Opened[PlannedRecording, None], result: DubbedRecording) -> dict[str, Any]:
        """Audio, measures and speech spans of a voice track, as fields of `Take`."""
        facts = result.take.facts(result.duration_s, item.row.id)
        # Silence between the speech is intended.
        is_clipped = "clipped" in facts["flags"]
        facts["flags"] = (("clipped",) if is_clipped else ()) if result.f0_hz else (_NO_SPEECH,)
        facts["flags"] += result.source_flags
        timings = [
            Timing(track.speaker, span.start_s, span.end_s, "speech") for track, spans in result.spans for span in spans
        ]
        f0_hz = np.concatenate([np.zeros(0, np.float32), *result.f0_hz])
        return facts | pitch_facts(f0_hz) | {"timings": tuple(sorted(timings, key=lambda timing: timing.start_s))}

    def settings(self, row: PlannedRecording) -> Mapping[str, Any]:
        """Speakers with their target voices and transpositions, and the hash of the source."""
        cast = [
            {
                "speaker": track.speaker,
                "voice": track.voice,
                "key": f"{track.transposition.relative_to} {track.transposition.semitones:g}",
            }
            for track in speaker_tracks(row.cast)
        ]
        return {"cast": cast, "source_sha256": row.source_sha256}

    def voice_facts(self, row: PlannedRecording) -> Mapping[str, str | None]:
        """Names and consents of all target voices, and the hash of the voice if there is only one."""
        voices = list(dict.fromkeys(track.voice for track in speaker_tracks(row.cast)))
        return {
            "voice": ", ".join(voices),
            "voice_sha256": self._voices.sha256(voices[0]) if len(voices) == 1 else None,
            "consent": ", ".join(dict.fromkeys(self._voices.consent(voice) or "unknown" for voice in voices)),
        }

    def _dub(self, row: PlannedRecording) -> DubbedRecording:
        source = stream_source(row.content, row.path, row.source_sha256)
        tracks = [(track, self._spans(track, source)) for track in speaker_tracks(row.cast)]
        spoken = [(track, spans) for track, spans in tracks if spans]
        if len(spoken) == 1:
            conversion = self._convert(source, *spoken[0], row.seed)
            take, contours = stream_take(conversion.blocks, conversion.rate_hz), [conversion.f0_hz]
        else:
            take, contours = self._mix(source, spoken, row.seed)
        return DubbedRecording(take, source.duration_s, contours, tracks, source.flags)

    def _mix(
        self, source: SourceStream, tracks: Sequence[tuple[SpeakerTrack, Sequence[TimeSpan]]], seed: int
    ) -> tuple[StreamedTake, list[F0]]:
        """Convert the speech of each speaker, mix the voices at 16 kHz, and return the take and the F0 of each voice.

        The voices are converted and added one after another, so that only the mix and one voice are in memory.
        """
        mix = np.zeros(resampled_length(source.n_samples, source.rate_hz, RATE_HZ), np.float32)
        contours: list[F0] = []
        for track, spans in tracks:
            conversion = self._convert(source, track, spans, seed)
            contours.append(conversion.f0_hz)
            gain = np.float32(full_scale_gain(max((peak_level(block) for block in conversion.blocks()), default=0.0)))
            at = 0
            for block in conversion.matched_blocks():
                mix[at : at + len(block)] += gain * block
                at += len(block)
        take, n_left = StreamedTake(source.rate_hz), source.n_samples
        for block in resample_blocks(in_blocks(mix), RATE_HZ, source.rate_hz):
            take.push(block[:n_left])
            n_left -= len(block[:n_left])
        return take, contours

    def _spans(self, track: SpeakerTrack, source: SourceStream) -> tuple[TimeSpan, ...]:
        """Spans of a speaker, extended to whole frames; `mix_track` replaces the original voice in these spans."""
        spans = self._detector.find(read_resampled(source, RATE_HZ)) if track.spans is None else track.spans
        n_samples = resampled_length(source.n_samples, source.rate_hz, RATE_HZ)
        whole = align_spans_to_frames(spans, n_samples)
        return tuple(TimeSpan(first / RATE_HZ, min(source.duration_s, last / RATE_HZ)) for first, last in whole)

    def _convert(self, source: SourceStream, track: SpeakerTrack, spans: Sequence[TimeSpan], seed: int) -> Conversion:
        voice = self._voices.voice(track.voice)
        return convert_recording(self._model, source, voice, seed=seed, transposition=track.transposition, spans=spans)


def speaker_tracks(cast: Sequence[Mapping[str, Any]]) -> list[SpeakerTrack]:
    """Group a cast by speaker, target voice and transposition, in order of appearance."""
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
