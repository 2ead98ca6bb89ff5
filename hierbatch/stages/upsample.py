"""Bandwidth extension stage: recordings to takes at a higher sample rate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa

from hierbatch.audio.waveform import SoundStream
from hierbatch.manifest.rows import PlannedRecording, Take
from hierbatch.manifest.schema import TAKE_COLUMNS
from hierbatch.stages.batching import Batches, BatchLimits, process_individually, recording_limits
from hierbatch.stages.failures import reason
from hierbatch.stages.recordings import SourceStream, stream_source
from hierbatch.stages.takes import StreamedTake, takes_table

if TYPE_CHECKING:
    from hierbatch.models.upsampling.upsampler import Upsampler


@dataclass(frozen=True, slots=True)
class _ScannedRecording:
    """A recording whose audio has been checked."""

    recording: PlannedRecording
    source: SourceStream


class Upsample:
    """Extends the bandwidth of planned recordings and measures the results; failures become failed takes.

    Recordings with the same output rate and similar length are streamed through the model in batches, small on a CPU
    and large on a GPU. A batch that does not fit into memory is halved. The result does not depend on the batch.
    """

    reads: ClassVar[tuple[str, ...]] = (
        "id", "take_key", "attempt", "voice", "language", "seed", "rate_hz", "source", "source_sha256",
        "expected_duration_s", "error_kind", "error",
    )  # fmt: skip
    writes: ClassVar[tuple[str, ...]] = tuple(column.name for column in TAKE_COLUMNS)

    def __init__(self, model: Upsampler, *, device: str, limits: BatchLimits | None = None) -> None:
        """Create the stage.

        Args:
            model: bandwidth-extension model.
            device: a `Placement` as text.
            limits: limits on the audio in memory at a time; by default those of the device.
        """
        self._model, self._device = model, device
        self._batches = Batches(limits or recording_limits(device))

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Upsample planned rows, in the same order."""
        listed = rows.select(list(self.reads)).to_pylist()
        recordings = [PlannedRecording.from_row({"pitch_semitones": 0.0, **row}) for row in listed]
        takes = {take.id: take for take in self._make_takes(recordings)}
        return takes_table(rows, [takes[recording.id] for recording in recordings])

    def _make_takes(self, recordings: Sequence[PlannedRecording]) -> Iterator[Take]:
        """Yield the takes of all recordings, in any order."""
        by_rate: dict[int, list[_ScannedRecording]] = {}
        yield from (self._failed_take(r, r.error_kind, r.error or "") for r in recordings if r.error_kind)
        # Checked one by one: an unreadable recording must not fail the batch of the others.
        scanned = process_individually(
            [r for r in recordings if not r.error_kind],
            _scan_recordings,
            lambda recording, error: self._failed_take(recording, *reason(error)),
        )
        for item in scanned:
            if isinstance(item, Take):
                yield item
            else:
                by_rate.setdefault(int(item.recording.rate_hz or 0), []).append(item)
        for items in by_rate.values():
            yield from self._batches.work(
                sorted(items, key=lambda item: item.source.duration_s),
                # Of a long recording only one window is in memory at a time.
                lambda item: min(item.source.duration_s, self._model.WINDOW_S),
                self._upsample,
                lambda item, error: self._failed_take(item.recording, *reason(error)),
            )

    def _failed_take(self, recording: PlannedRecording, kind: str, error: str) -> Take:
        return Take(**self._common_fields(recording), status="failed", error_kind=kind, error=error)

    def _upsample(self, batch: Sequence[_ScannedRecording]) -> list[Take]:
        started = perf_counter()
        rate_hz = int(batch[0].recording.rate_hz or 0)
        streams = [SoundStream(item.source.blocks(), item.source.rate_hz) for item in batch]
        takes = [StreamedTake(rate_hz) for _ in batch]
        for row, block in self._model.stream_all(streams, rate_hz):
            takes[row].push(block)
        facts = [take.facts(item.source.duration_s, item.recording.id) for item, take in zip(batch, takes, strict=True)]
        rtf = (perf_counter() - started) / sum(item.source.duration_s for item in batch)
        return [self._take(item, own_facts, rtf) for item, own_facts in zip(batch, facts, strict=True)]

    def _take(self, item: _ScannedRecording, facts: dict[str, Any], rtf: float) -> Take:
        # A pause in the source is not a defect of the upsampled recording.
        facts["flags"] = tuple(flag for flag in facts["flags"] if flag != "long_silence") + item.source.flags
        return Take(**self._common_fields(item.recording), status="ok", **facts, rtf=rtf)

    def _common_fields(self, recording: PlannedRecording) -> dict[str, Any]:
        """Fields of a take that are known before the upsampling."""
        settings = {"rate_hz": recording.rate_hz, "source_sha256": recording.source_sha256}
        copied = ("id", "take_key", "attempt", "language", "seed", "expected_duration_s")
        return {name: getattr(recording, name) for name in copied} | {
            "voice": recording.voice or "",
            "text_norm": "",
            "phonemes": "",
            "model": f"{self._model.name}:{self._model.fingerprint}",
            "settings_json": json.dumps(settings, sort_keys=True),
            "voice_sha256": None,
            "consent": None,
            "hierbatch_version": version("hierbatch"),
            "device": self._device,
            "finished_at": datetime.now(UTC),
        }


def _scan_recordings(recordings: Sequence[PlannedRecording]) -> list[_ScannedRecording | Take]:
    return [_ScannedRecording(r, stream_source(r.content, r.path, r.source_sha256)) for r in recordings]
