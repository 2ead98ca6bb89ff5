"""Bandwidth extension stage: recordings in, takes at a higher sample rate out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from hierbatch.audio.waveform import SoundStream
from hierbatch.manifest.columns.rows import PlannedRecording
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.stages.batching import BatchLimits, recording_limits
from hierbatch.stages.recordings import SourceStream, stream_source
from hierbatch.stages.take_maker import Opened, TakeMaker
from hierbatch.stages.takes import StreamedTake

if TYPE_CHECKING:
    from hierbatch.models.upsampling.upsampler import Upsampler


class Upsample(TakeMaker[PlannedRecording, SourceStream, StreamedTake]):
    """Stage that extends the bandwidth of planned recordings and measures the results.

    Recordings with the same output rate and similar length are streamed through the model in batches, small on a CPU
    and large on a GPU. The result does not depend on the batch.
    """

    reads: ClassVar[tuple[str, ...]] = (
        "id", "take_key", "attempt", "voice", "language", "seed", "rate_hz", "source", "source_sha256",
        "expected_duration_s", "error_kind", "error",
    )  # fmt: skip
    source_flags: ClassVar[frozenset[str]] = frozenset({"long_silence"})

    def __init__(self, model: Upsampler, *, placement: DevicePlacement, limits: BatchLimits | None = None) -> None:
        """Create the stage.

        Args:
            model: bandwidth-extension model.
            placement: device and precision.
            limits: limits on the audio in memory at a time; by default those of the device.
        """
        super().__init__(model, None, device=str(placement), limits=limits or recording_limits(placement))
        self._model = model

    def read_row(self, row: Mapping[str, Any]) -> PlannedRecording:
        """Create a planned recording from a plan row."""
        return PlannedRecording.from_row(row)

    def open(self, row: PlannedRecording) -> SourceStream:
        """Check the recording and open it for reading in blocks, which decodes it again."""
        return stream_source(row.content, row.path, row.source_sha256)

    def batch_key(self, item: Opened[PlannedRecording, SourceStream]) -> Hashable:
        """Output rate in Hz: recordings with equal rates may share a batch."""
        return int(item.row.rate_hz or 0)

    def length_s(self, item: Opened[PlannedRecording, SourceStream]) -> float:
        """Seconds of audio in memory at a time: at most one window of a recording."""
        return min(item.source.duration_s, self._model.WINDOW_S)

    def make(self, batch: Sequence[Opened[PlannedRecording, SourceStream]]) -> list[StreamedTake]:
        """Upsample a batch of recordings with the same output rate."""
        rate_hz = int(batch[0].row.rate_hz or 0)
        streams = [SoundStream(item.source.blocks(), item.source.rate_hz) for item in batch]
        takes = [StreamedTake(rate_hz) for _ in batch]
        for row, block in self._model.stream_all(streams, rate_hz):
            takes[row].push(block)
        return takes

    def measure(self, item: Opened[PlannedRecording, SourceStream], result: StreamedTake) -> dict[str, Any]:
        """Audio and measures of an upsampled recording, as fields of `Take`."""
        facts = result.facts(item.source.duration_s, item.row.id)
        facts["flags"] += item.source.flags
        return facts

    def settings(self, row: PlannedRecording) -> Mapping[str, Any]:
        """Output rate and hash of the source."""
        return {"rate_hz": row.rate_hz, "source_sha256": row.source_sha256}
