"""Recordings to takes at a higher rate."""

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
from hierbatch.manifest.rows import Recording, Take
from hierbatch.manifest.schema import TAKE_COLUMNS
from hierbatch.stages.batching import Batches, BatchLimits, recording_limits, work_singly
from hierbatch.stages.failures import reason
from hierbatch.stages.sources import SourceStream, stream_source
from hierbatch.stages.takes import StreamedTake, takes_table

if TYPE_CHECKING:
    from hierbatch.models.upsampling import Upsampler


@dataclass(frozen=True, slots=True)
class _Heard:
    """A recording that has been looked through."""

    recording: Recording
    source: SourceStream


class Upsample:
    """Gives planned recordings their top and measures what came out; one that fails is a failed take.

    Recordings for one rate are worked together, neighbours in length, a few on a CPU and many on a GPU, each streaming
    through; a batch too large for the memory is halved. A recording in a batch sounds as it would alone.
    """

    reads: ClassVar[tuple[str, ...]] = (
        "id", "take_key", "attempt", "voice", "lang", "seed", "rate_hz", "source", "source_sha256",
        "expected_duration_s", "error_kind", "error",
    )  # fmt: skip
    writes: ClassVar[tuple[str, ...]] = tuple(column.name for column in TAKE_COLUMNS)

    def __init__(self, model: Upsampler, *, device: str, limits: BatchLimits | None = None) -> None:
        """`limits` are of sound that is in memory together; where not given, they are what suits the device."""
        self._model, self._device = model, device
        self._batches = Batches(limits or recording_limits(device))

    def __call__(self, rows: pa.Table) -> pa.Table:
        listed = rows.select(list(self.reads)).to_pylist()
        recordings = [Recording.of({"pitch_semitones": 0.0, **row}) for row in listed]
        takes = {take.id: take for take in self._made(recordings)}
        return takes_table(rows, [takes[recording.id] for recording in recordings])

    def _made(self, recordings: Sequence[Recording]) -> Iterator[Take]:
        """The take of every recording, in any order."""
        of_rate: dict[int, list[_Heard]] = {}
        yield from (self._refuse(r, r.error_kind, r.error or "") for r in recordings if r.error_kind)
        # Each is looked through by itself: one that cannot be read must not undo its neighbours' batch.
        looked_through = work_singly(
            [r for r in recordings if not r.error_kind],
            _look_through,
            lambda recording, error: self._refuse(recording, *reason(error)),
        )
        for heard in looked_through:
            if isinstance(heard, Take):
                yield heard
            else:
                of_rate.setdefault(int(heard.recording.rate_hz or 0), []).append(heard)
        for alike in of_rate.values():
            yield from self._batches.work(
                sorted(alike, key=lambda heard: heard.source.duration_s),
                # However long a recording is, a piece of it is worked at a time.
                lambda heard: min(heard.source.duration_s, self._model.WINDOW_S),
                self._upsample,
                lambda heard, error: self._refuse(heard.recording, *reason(error)),
            )

    def _refuse(self, recording: Recording, kind: str, error: str) -> Take:
        return Take(**self._origin(recording), status="failed", error_kind=kind, error=error)

    def _upsample(self, batch: Sequence[_Heard]) -> list[Take]:
        started = perf_counter()
        rate_hz = int(batch[0].recording.rate_hz or 0)
        streams = [SoundStream(heard.source.blocks(), heard.source.rate_hz) for heard in batch]
        made = [StreamedTake(rate_hz) for _ in batch]
        for row, piece in self._model.stream_all(streams, rate_hz):
            made[row].push(piece)
        facts = [
            take.facts(heard.source.duration_s, heard.recording.id) for heard, take in zip(batch, made, strict=True)
        ]
        rtf = (perf_counter() - started) / sum(heard.source.duration_s for heard in batch)
        return [self._take(heard.recording, of_take, rtf) for heard, of_take in zip(batch, facts, strict=True)]

    def _take(self, recording: Recording, facts: dict[str, Any], rtf: float) -> Take:
        # A pause of the source is no flaw of its new top.
        facts["flags"] = tuple(flag for flag in facts["flags"] if flag != "long_silence")
        return Take(**self._origin(recording), status="ok", **facts, rtf=rtf)

    def _origin(self, recording: Recording) -> dict[str, Any]:
        """What is known of a take before it is made."""
        asked = {"rate_hz": recording.rate_hz, "source_sha256": recording.source_sha256}
        same = ("id", "take_key", "attempt", "lang", "seed", "expected_duration_s")
        return {name: getattr(recording, name) for name in same} | {
            "voice": recording.voice or "",
            "text_norm": "",
            "phonemes": "",
            "model": f"{self._model.name}:{self._model.fingerprint}",
            "params": json.dumps(asked, sort_keys=True),
            "voice_sha256": None,
            "consent": None,
            "hierbatch_version": version("hierbatch"),
            "device": self._device,
            "finished_at": datetime.now(UTC),
        }


def _look_through(recordings: Sequence[Recording]) -> list[_Heard | Take]:
    return [_Heard(r, stream_source(r.content, r.path, r.source_sha256)) for r in recordings]
