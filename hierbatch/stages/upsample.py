"""Recordings to takes at a higher rate."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.metadata import version
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa

from hierbatch.manifest.rows import Recording, Take
from hierbatch.manifest.schema import TAKE_COLUMNS
from hierbatch.stages.batching import Batches, BatchLimits
from hierbatch.stages.failures import reason
from hierbatch.stages.sources import stream_source
from hierbatch.stages.takes import streamed_facts, takes_table

if TYPE_CHECKING:
    from hierbatch.models.upsampling import Upsampler

_ONE_BY_ONE = Batches(BatchLimits(n_rows=1))


class Upsample:
    """Gives planned recordings their top one by one, and measures what came out; one that fails is a failed take."""

    reads: ClassVar[tuple[str, ...]] = (
        "id", "take_key", "attempt", "voice", "lang", "seed", "rate_hz", "source", "source_sha256",
        "expected_duration_s", "error_kind", "error",
    )  # fmt: skip
    writes: ClassVar[tuple[str, ...]] = tuple(column.name for column in TAKE_COLUMNS)

    def __init__(self, model: Upsampler, *, device: str) -> None:
        self._model, self._device = model, device

    def __call__(self, rows: pa.Table) -> pa.Table:
        listed = rows.select(list(self.reads)).to_pylist()
        recordings = [Recording.of({"pitch_semitones": 0.0, **row}) for row in listed]
        takes = {r.id: self._refuse(r, r.error_kind, r.error or "") for r in recordings if r.error_kind}
        made = _ONE_BY_ONE.work(
            [r for r in recordings if not r.error_kind],
            lambda recording: recording.expected_duration_s,
            lambda batch: [self._upsample(recording) for recording in batch],
            lambda recording, error: self._refuse(recording, *reason(error)),
        )
        takes.update((take.id, take) for take in made)
        return takes_table(rows, [takes[recording.id] for recording in recordings])

    def _refuse(self, recording: Recording, kind: str, error: str) -> Take:
        return Take(**self._origin(recording), status="failed", error_kind=kind, error=error)

    def _upsample(self, recording: Recording) -> Take:
        started = perf_counter()
        source = stream_source(recording.content, recording.path, recording.source_sha256)
        rate_hz = int(recording.rate_hz or 0)
        made = self._model.stream(source.blocks(), source.rate_hz, rate_hz)
        facts = streamed_facts(made, rate_hz, source.duration_s, recording.id)
        # A pause of the source is no flaw of its new top.
        facts["flags"] = tuple(flag for flag in facts["flags"] if flag != "long_silence")
        work_s = perf_counter() - started
        return Take(**self._origin(recording), status="ok", **facts, rtf=work_s / source.duration_s)

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
