"""Base of the stages that make takes: planned rows in, one take per row out, failed rows included."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from time import perf_counter
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import pyarrow as pa

from hierbatch.errors import PromptError
from hierbatch.manifest.columns.rows import PlannedRecording, PlannedSong, PlannedUtterance, Take
from hierbatch.manifest.columns.schema import TAKE_COLUMNS
from hierbatch.stages.batching import BatchLimits, BatchProcessor, process_individually
from hierbatch.stages.takes import failure_reason, takes_table
from hierbatch.stages.voices import VoiceStore

Row = TypeVar("Row", bound=PlannedUtterance | PlannedRecording | PlannedSong)
Source = TypeVar("Source")
Result = TypeVar("Result")

_COPIED = ("id", "take_key", "attempt", "language", "seed", "expected_duration_s")


class IdentifiedModel(Protocol):
    """A model with a name and a fingerprint of its weights, for the provenance of takes."""

    @property
    def name(self) -> str:
        """Name of the bundle."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash of the weights and of the settings that affect the output."""
        ...


@dataclass(frozen=True, slots=True)
class Opened(Generic[Row, Source]):
    """Planned row with its source, which has been opened and checked."""

    row: Row
    source: Source


class TakeMaker(ABC, Generic[Row, Source, Result]):
    """Stage that makes a take of each planned row, in batches of similar length.

    Sources are opened one by one and takes are made in batches; a row that fails in either step, alone or in a batch,
    becomes a failed take, and other rows are not affected. A batch that does not fit into memory is halved. The
    model and the voices are loaded once. A subclass reads its rows, opens their sources, and makes and measures the
    audio.
    """

    reads: ClassVar[tuple[str, ...]]
    writes: ClassVar[tuple[str, ...]] = tuple(column.name for column in TAKE_COLUMNS)
    optional_reads: ClassVar[tuple[str, ...]] = ()
    """Columns that are read if the plan has them; plans of earlier versions lack them."""
    source_flags: ClassVar[frozenset[str]] = frozenset()
    """Flags that are left out, since they describe the source and not a defect of the take."""

    def __init__(self, model: IdentifiedModel, voices: VoiceStore | None, *, device: str, limits: BatchLimits) -> None:
        """Create the stage.

        Args:
            model: model of the stage.
            voices: voices of the run; None if the rows have none.
            device: a `DevicePlacement` as text.
            limits: batch limits.
        """
        self._identity = f"{model.name}:{model.fingerprint}"
        self._voice_store = voices
        self._device = device
        self._batches = BatchProcessor(limits)
        self._version = version("hierbatch")  # once: it reads the metadata file of the package

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Make the takes of planned rows, in the same order."""
        columns = [*self.reads, *(name for name in self.optional_reads if name in rows.column_names)]
        planned = [self.read_row(row) for row in rows.select(columns).to_pylist()]
        takes = {take.id: take for take in self._make_takes(planned)}
        return takes_table(rows, [takes[row.id] for row in planned])

    def encode_voices(self, names: Iterable[str]) -> None:
        """Encode voices in advance; a voice that cannot be used raises no error here, but its rows fail later."""
        if (voices := self._voice_store) is None:
            return
        for name in names:
            with suppress(PromptError):
                voices.voice(name)

    @abstractmethod
    def read_row(self, row: Mapping[str, Any]) -> Row:
        """Create a planned row from the columns in `reads`."""

    @abstractmethod
    def open(self, row: Row) -> Source:
        """Open and check the source of a row."""

    @abstractmethod
    def length_s(self, item: Opened[Row, Source]) -> float:
        """Seconds of audio that a row takes up in a batch."""

    @abstractmethod
    def make(self, batch: Sequence[Opened[Row, Source]]) -> Sequence[Result]:
        """Make the audio of a batch, one result per row; the elapsed time gives the real-time factor of the rows."""

    @abstractmethod
    def measure(self, item: Opened[Row, Source], result: Result) -> dict[str, Any]:
        """Measures and encoded audio of a result, as fields of `Take`."""

    @abstractmethod
    def settings(self, row: Row) -> Mapping[str, Any]:
        """Settings of a row that determine its audio, for the column `settings_json`."""

    def batch_key(self, item: Opened[Row, Source]) -> Hashable:
        """Key of a row; only rows with equal keys share a batch."""
        return None

    def texts(self, row: Row) -> Mapping[str, str]:
        """Text columns of a take; empty for recordings."""
        return {"text_norm": "", "phonemes": ""}

    def voice_facts(self, row: Row) -> Mapping[str, str | None]:
        """Name, hash and consent of the voice of a row."""
        voices, voice = self._voice_store, row.voice or ""
        return {
            "voice": voice,
            "voice_sha256": voices.sha256(voice) if voices else None,
            "consent": voices.consent(voice) if voices else None,
        }

    def _make_takes(self, rows: Sequence[Row]) -> Iterator[Take]:
        """Yield the takes of all rows, in any order."""
        yield from (self._failed(row, row.error_kind, row.error or "") for row in rows if row.error_kind)
        by_key: dict[Hashable, list[Opened[Row, Source]]] = {}
        for item in self._open_all(row for row in rows if not row.error_kind):
            if isinstance(item, Take):
                yield item
            else:
                by_key.setdefault(self.batch_key(item), []).append(item)
        for items in by_key.values():
            # Rows that take up equal memory are still sorted by duration.
            items.sort(key=lambda item: item.row.expected_duration_s)
            yield from self._batches.work(
                items,
                self.length_s,
                self._make_batch,
                lambda item, error: self._failed(item.row, *failure_reason(error)),
            )

    def _open_all(self, rows: Iterable[Row]) -> Iterator[Opened[Row, Source] | Take]:
        """Open sources one by one, so that an unreadable recording does not fail the other recordings of its batch."""
        return process_individually(
            list(rows),
            lambda row: [Opened(row[0], self.open(row[0]))],
            lambda row, error: self._failed(row, *failure_reason(error)),
        )

    def _make_batch(self, batch: Sequence[Opened[Row, Source]]) -> list[Take]:
        started = perf_counter()
        results = self.make(batch)
        work_s = perf_counter() - started
        measured = [self.measure(item, result) for item, result in zip(batch, results, strict=True)]
        rtf = work_s / sum(fields["duration_s"] for fields in measured)
        return [self._take(item.row, fields, rtf) for item, fields in zip(batch, measured, strict=True)]

    def _take(self, row: Row, fields: dict[str, Any], rtf: float) -> Take:
        fields["flags"] = tuple(flag for flag in fields["flags"] if flag not in self.source_flags)
        return Take(**self._provenance(row), status="ok", **fields, rtf=rtf)

    def _failed(self, row: Row, kind: str, error: str) -> Take:
        return Take(**self._provenance(row), status="failed", error_kind=kind, error=error)

    def _provenance(self, row: Row) -> dict[str, Any]:
        """Fields of a take that do not depend on its audio."""
        return {name: getattr(row, name) for name in _COPIED} | {
            **self.texts(row),
            **self.voice_facts(row),
            "model": self._identity,
            "settings_json": json.dumps(self.settings(row), sort_keys=True, ensure_ascii=False),
            "hierbatch_version": self._version,
            "device": self._device,
            "finished_at": datetime.now(UTC),
        }
