"""Row of a data set: one recording, or a span of one, with its speaker, language and transcript."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from hierbatch.audio.files import describe_sound, read_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import HierbatchError, SourceError
from hierbatch.frontend.language import detect_language, match_language

DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingReference:
    """A recording on disk or in memory, or a span of one; it is decoded on request."""

    path: Path | None = None
    content: bytes | None = None
    """Encoded audio, for a recording inside a table."""
    start_s: float = 0.0
    end_s: float | None = None
    """End of the span in seconds; None is the end of the recording."""
    decoded: Waveform | None = None
    """Samples of the span alone, if it is decoded already."""

    def duration_s(self, name: str) -> float:
        """Duration of the recording, or of its span, in seconds; no samples are decoded.

        Args:
            name: name of the recording in error messages.

        Raises:
            SourceError: the recording is missing, damaged or empty, or the span is not inside the recording.
        """
        if self.decoded is not None:
            return self.decoded.duration_s
        length_s = describe_sound(self._source(name), name=name, raises=SourceError).duration_s
        return self._span(length_s, name)[1] - self.start_s

    def read(self, name: str) -> Waveform:
        """Decode the recording, or its span, to mono at its own sampling rate.

        Args:
            name: name of the recording in error messages.

        Raises:
            SourceError: as in `duration_s`, or the samples cannot be decoded.
        """
        if self.decoded is not None:
            return self.decoded
        whole = read_sound(self._source(name), name=name, raises=SourceError)
        if self.end_s is None and not self.start_s:
            return whole
        start_s, end_s = self._span(whole.duration_s, name)
        first, last = round(start_s * whole.rate_hz), round(end_s * whole.rate_hz)
        return Waveform(whole.samples[first:last], whole.rate_hz)

    def _source(self, name: str) -> Path | bytes:
        if self.content is not None:
            return self.content
        if self.path is None:
            raise SourceError(f"{name} has no audio", expected="encoded audio or a path", fix="add the recording")
        return self.path

    def _span(self, length_s: float, name: str) -> tuple[float, float]:
        end_s = length_s if self.end_s is None else self.end_s
        if not 0 <= self.start_s < end_s <= length_s + 0.05:
            raise SourceError(
                f"The span of {name} is outside the recording",
                expected=f"0 to {length_s:.2f} s",
                got=f"{self.start_s:.2f} to {end_s:.2f} s",
                fix="correct the times",
            )
        return self.start_s, min(end_s, length_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRow:
    """A row as the files of a data set declare it; its recording has not been opened."""

    id: str
    audio: RecordingReference
    speaker: str
    language: str = ""
    """Language code or tag from the data set; empty if there is none."""
    text: str = ""
    cer: float | None = None
    """Character error rate of a speech recognizer on this recording; None if the data set has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRow:
    """Row whose recording is readable, with its duration and language."""

    id: str
    audio: RecordingReference
    speaker: str
    language: str
    text: str
    duration_s: float
    cer: float | None = None

    def read(self) -> Waveform:
        """Decode the recording to mono at its own sampling rate; raises SourceError."""
        return self.audio.read(f"the recording of row {self.id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row that cannot be used, with the reason; the other rows are not affected."""

    id: str
    reason: str


def rejected(row_id: str, error: HierbatchError) -> RejectedRow:
    """Rejected row whose reason is the text of an error."""
    return RejectedRow(id=row_id, reason=str(error))


def complete_row(listed: ListedRow, language: str | None = None) -> DatasetRow | RejectedRow:
    """Measure the duration of a listed row and fill in its language; reject a row whose recording is unusable.

    Args:
        listed: row from a reader.
        language: language code of all rows; None takes that of the data set, or else detects it from the transcript.
    """
    text = unicodedata.normalize("NFC", listed.text).strip()
    try:
        duration_s = listed.audio.duration_s(f"the recording of row {listed.id}")
    except HierbatchError as error:
        return rejected(listed.id, error)
    return DatasetRow(
        id=unicodedata.normalize("NFC", listed.id),
        audio=listed.audio,
        speaker=unicodedata.normalize("NFC", listed.speaker),
        language=language or _code(listed.language) or detect_language(text, DEFAULT_LANGUAGE),
        text=text,
        duration_s=duration_s,
        cer=listed.cer,
    )


def _code(tag: str) -> str:
    """Language code of a language tag; the tag itself if the language is unknown."""
    known = match_language(tag) if tag else None
    return known.code if known else tag
