"""Division of the long recordings of a data set into rows of one utterance each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hierbatch.audio.activity import TimeSpan, speech_detector
from hierbatch.audio.utterances import UtteranceLimits, divide_speech, take_span
from hierbatch.audio.waveform import Waveform
from hierbatch.datasets.rows import DatasetRow, RecordingReference, RejectedRow, rejected
from hierbatch.errors import RowError


def divide_row(row: DatasetRow, limits: UtteranceLimits) -> Iterator[DatasetRow | RejectedRow]:
    """Divide a recording that exceeds the maximum length into one row per utterance, in order of time.

    A shorter recording stays one row. One that cannot be decoded, or that has no utterance, becomes a rejected row.

    Args:
        row: a recording of any length.
        limits: minimum and maximum length of an utterance.
    """
    if row.duration_s <= limits.max_duration_s:
        yield row
        return
    try:
        whole = row.read()
        spans = divide_speech(whole, speech_detector().find(whole), limits)
    except RowError as error:
        yield rejected(row.id, error)
        return
    if not spans:
        reason = f"The recording has no utterance of {limits.min_duration_s:g} s. Fix: check it."
        yield RejectedRow(id=row.id, reason=reason)
    for number, span in enumerate(spans):
        yield span_row(row, whole, span, number)


def span_row(row: DatasetRow, whole: Waveform, span: TimeSpan, number: int) -> DatasetRow:
    """Row of one utterance of a decoded recording, without the text.

    Args:
        row: row of the recording.
        whole: samples of the recording.
        span: start and end of the utterance.
        number: index of the utterance in the recording, from 0; the end of the new row's id.
    """
    reference = RecordingReference(
        path=row.audio.path, start_s=span.start_s, end_s=span.end_s, decoded=take_span(whole, span)
    )
    return replace(row, id=f"{row.id}-{number:04d}", audio=reference, text="", cer=None, duration_s=span.duration_s)
