"""Division of a recording into rows at pauses and by speaker, with measures, transcripts and filter rules."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from hierbatch.audio.activity import TimeSpan, speech_detector
from hierbatch.audio.bandwidth import measure_bandwidth_hz
from hierbatch.audio.files import encode_sound
from hierbatch.audio.pitch import estimate_long_f0, measure_pitch_range
from hierbatch.audio.quality import measure_take
from hierbatch.audio.resample import resample
from hierbatch.audio.utterances import divide_speech, take_span
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.datasets.rows import DatasetRow
from hierbatch.jobs.options.intake import RowSettings
from hierbatch.manifest.tables.segments import SUFFIXES, Segment, read_segments, settle_segments
from hierbatch.manifest.takes.filters import FilterRule, rejections
from hierbatch.stages.flags import flag_defects
from hierbatch.stages.scoring import ScoringOptions, TakeToScore, TranscriptScorer


class RowMaker:
    """Maker of rows from recordings."""

    def __init__(self, settings: RowSettings, rules: Sequence[FilterRule]) -> None:
        """Load the recognizer, if the settings name one.

        Raises:
            InputError: the recognizer cannot be loaded.
            ProgramError: a package of the recognizer is missing.
        """
        self._settings, self._rules = settings, rules
        self._scorer: TranscriptScorer | None = None
        if settings.asr_model is not None:
            self._scorer = TranscriptScorer(ScoringOptions(asr_model=settings.asr_model))

    def rows(self, row: DatasetRow) -> Iterator[dict[str, Any]]:
        """Yield the rows of one recording, in order of time.

        Raises:
            SourceError: the recording cannot be decoded.
            SegmentsError: the speaker segments of the recording are invalid.
        """
        whole = row.read()
        limits = self._settings.limits
        for number, (speaker, span) in enumerate(self._spans(row, whole)):
            # A recording that is short enough keeps its text; parts of a longer one have none of their own.
            is_whole = row.duration_s <= limits.max_duration_s and not speaker
            text = row.text if is_whole else ""
            sound = whole if is_whole else take_span(whole, span)
            yield self._measured(row, sound, span, speaker or row.speaker, text, number)

    def _spans(self, row: DatasetRow, whole: Waveform) -> list[tuple[str, TimeSpan]]:
        limits = self._settings.limits
        segments = self._segments(row, whole)
        if segments:
            return [
                (segment.speaker, span)
                for segment in segments
                for span in _speech_within(whole, segment, limits.min_duration_s)
                for span in divide_speech(whole, [span], limits)
            ]
        if row.duration_s <= limits.max_duration_s:
            return [("", TimeSpan(0.0, whole.duration_s))]
        return [("", span) for span in divide_speech(whole, speech_detector().find(whole), limits)]

    def _segments(self, row: DatasetRow, whole: Waveform) -> tuple[Segment, ...]:
        path = row.audio.path
        folder = self._settings.segments or (path.parent if path else None)
        stem = path.stem if path else safe_name(row.id)
        table = (
            next((folder / f"{stem}{s}" for s in SUFFIXES if (folder / f"{stem}{s}").is_file()), None)
            if folder
            else None
        )
        if table is None:
            return ()
        return settle_segments(read_segments(table), whole.duration_s, row.id).segments

    def _measured(
        self, row: DatasetRow, sound: Waveform, span: TimeSpan, speaker: str, text: str, number: int
    ) -> dict[str, Any]:
        quality = measure_take(sound)
        pitch = measure_pitch_range(estimate_long_f0(resample(sound, RATE_HZ)))
        scores, flags = self._transcribe(sound, text, row.language)
        entry: dict[str, Any] = {
            "id": f"{safe_name(row.id)}-{number:04d}",
            "speaker": speaker,
            "language": row.language,
            "text": text or scores.get("asr_text") or None,
            "recording": str(row.audio.path) if row.audio.path else row.id,
            "start_s": row.audio.start_s + span.start_s,
            "end_s": row.audio.start_s + span.end_s,
            "status": "ok",
            "sample_rate_hz": sound.rate_hz,
            "n_samples": sound.n_samples,
            "duration_s": sound.duration_s,
            "f0_median_hz": pitch.median_hz,
            "f0_std_semitones": pitch.spread_semitones,
            "flags": [*flag_defects(quality, sound.duration_s, 0.0), *flags],
            "bandwidth_hz": measure_bandwidth_hz(sound),
            "audio": {"bytes": encode_sound(sound), "path": None},
            **asdict(quality),
            **scores,
        }
        return entry | {"rejected_by": rejections(entry, self._rules)}

    def _transcribe(self, sound: Waveform, text: str, language: str) -> tuple[dict[str, Any], tuple[str, ...]]:
        if self._scorer is None:
            return {}, ()
        take = TakeToScore(waveform=sound, text_norm=text, language=language, voice="", read_prompt=lambda: sound)
        score = self._scorer(take)
        return dict(score.values), score.flags


def _speech_within(whole: Waveform, segment: Segment, min_duration_s: float) -> Iterator[TimeSpan]:
    """Yield the spans of speech in a segment of one speaker; none if the segment is shorter than `min_duration_s`."""
    inside = TimeSpan(max(0.0, segment.start_s), min(segment.end_s, whole.duration_s))
    if inside.duration_s < min_duration_s:
        return
    for span in speech_detector().find(take_span(whole, inside)):
        yield TimeSpan(inside.start_s + span.start_s, inside.start_s + span.end_s)


def safe_name(row_id: str) -> str:
    """Name of a recording for ids and file names; if the name had to be changed, a hash keeps it unique."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", row_id).strip("-.")[:80]
    return safe if safe == row_id else f"{safe}-{hashlib.sha256(row_id.encode()).hexdigest()[:8]}".strip("-")
