"""Planning of takes that reviewers request for single rows: with other text, phonemes, voice or speed.

The takes of waiting requests are written to a plan file, whose metadata contains the names of the requests. The plan is
written before the requests are answered, so that the takes are not planned twice if the driver is killed in between.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hierbatch.engine.attempts import attempts_made, planned_rows
from hierbatch.engine.planning import TakeSettings, add_take_keys
from hierbatch.engine.row_editing import edit_row
from hierbatch.engine.run_folder import RunFolder
from hierbatch.engine.work_units import WorkUnit
from hierbatch.errors import InputError
from hierbatch.manifest.decisions.choices import PIN, Choice, TakeName, append_choice
from hierbatch.manifest.decisions.take_requests import (
    PLANNED,
    REFUSED,
    TakeRequest,
    answer_request,
    read_requests,
    waiting_requests,
)
from hierbatch.manifest.runs.parts import REQUESTS_KEY, open_run_file
from hierbatch.manifest.runs.take_ids import digest_rows
from hierbatch.manifest.tables.parquet_writing import write_table
from hierbatch.manifest.tables.table_columns import with_column
from hierbatch.object_path import arrow_source, is_remote
from hierbatch.stages.base import Stage

_LISTENING_S = 900.0
"""Time in seconds after a decision or request during which the reviewer is assumed to be still at work."""

_Signature = tuple[tuple[str, int], ...]


class RequestedTakes:
    """Planner of the waiting requests of one generation of a run; the caller must own the lock of the run."""

    def __init__(self, folder: RunFolder, generation: int, take_settings: TakeSettings, read: Stage | None) -> None:
        """Create the planner.

        Args:
            folder: the run.
            generation: number of the generation, from 1.
            take_settings: take settings of the run.
            read: front-end stage, if the rows are texts; None if they are recordings.
        """
        self._folder, self._generation = folder, generation
        self._settings, self._read = take_settings, read
        self._seen: _Signature | None = None

    def plan_waiting(self) -> list[WorkUnit]:
        """Plan and answer all waiting requests, and return one work unit per take.

        Raises:
            StorageError: the disk is full.
            RunError: a plan is damaged.
        """
        if (found := self._signature()) == self._seen:
            return []
        units: list[WorkUnit] = []
        waiting = waiting_requests(read_requests(self._folder.root).values())
        planned = self._planned_before() if waiting else {}
        for request in waiting:
            if request.request in planned:
                self._answer(request, planned[request.request])
        for requests in _without_repeated_rows(request for request in waiting if request.request not in planned):
            units += self._plan(requests)
        self._seen = self._signature() if waiting else found
        return units

    def load(self) -> None:
        """Load the front end of each language of the run in advance, since loading takes seconds."""
        if self._read is None:
            return
        with open_run_file(self._folder.plan_files(self._generation)[0]) as file:
            languages = pc.unique(file.read(columns=["language"]).column("language").drop_null())
        n_rows = len(languages)
        columns = {"text": ["1"] * n_rows, "phonemes": pa.nulls(n_rows, pa.string()), "speed": [1.0] * n_rows}
        self._read(pa.table({**columns, "language": languages}))

    @property
    def is_listened_to(self) -> bool:
        """True if a reviewer wrote a request or decision in the last 15 minutes; always False in an object store."""
        if is_remote(self._folder.root):
            return False
        logs = [path for folder in (self._folder.requests, self._folder.choices) for path in folder.glob("*.jsonl")]
        return any(time.time() - path.stat().st_mtime < _LISTENING_S for path in logs)

    def _signature(self) -> _Signature:
        """Names and sizes of the request files, which change when a request is appended."""
        files = self._folder.requests.glob("*.jsonl")
        if is_remote(self._folder.root):
            return tuple(sorted((path.name, 0) for path in files))
        return tuple(sorted((path.name, path.stat().st_size) for path in files))

    def _answer(self, request: TakeRequest, rows: pa.Table) -> None:
        """Answer a request whose takes are planned; if it corrects a word, pin its first take.

        Args:
            request: the request.
            rows: rows of the plan that contains its takes, including takes of other requests.
        """
        base_text = self._base_text(request.id)
        names = _take_names(rows.filter(pc.equal(rows.column("id"), request.id)))
        if request.corrected_word is not None:
            key, attempt = names[0]
            pin = Choice(id=request.id, take_key=key, attempt=attempt, verdict=PIN, who=request.who)
            append_choice(self._folder.root, pin)
        answer_request(self._folder.root, request.request, PLANNED, takes=names, base_text=base_text)

    def _refuse(self, request: TakeRequest, error: InputError) -> None:
        answer_request(self._folder.root, request.request, REFUSED, error=str(error))
        self._folder.log_event("refused", request=request.request, id=request.id, error=str(error))

    def _planned_before(self) -> dict[str, pa.Table]:
        """Read the plans that contain requested takes; the keys are the names of the requests."""
        found: dict[str, pa.Table] = {}
        for plan in self._folder.plan_files(self._generation)[1:]:
            metadata = pq.read_schema(arrow_source(plan)).metadata or {}
            if names := json.loads(metadata.get(REQUESTS_KEY, b"[]")):
                found |= dict.fromkeys(names, pq.read_table(arrow_source(plan)))
        return found

    def _base_text(self, row_id: str) -> str | None:
        """Planned text of a row, or its phonemes if it has no text."""
        plan = self._folder.plan_files(self._generation)[0]
        [row] = planned_rows(plan, pa.array([row_id], pa.string()), ["id", "text", "phonemes"]).to_pylist()
        text: str | None = row.get("text") or row.get("phonemes")
        return text

    def _plan(self, requests: Sequence[TakeRequest]) -> list[WorkUnit]:
        """Write one plan for all valid requests, answer or refuse each request, and return the work units.

        Args:
            requests: requests, at most one per row.
        """
        plans = self._folder.plan_files(self._generation)
        ids = pa.array([request.id for request in requests], pa.string())
        before = [planned_rows(plan, ids) for plan in plans]
        made: list[pa.Table] = []
        answered: list[TakeRequest] = []
        for request in requests:
            try:
                made.append(self._takes_of(request, before))
            except InputError as error:
                self._refuse(request, error)
            else:
                answered.append(request)
        if not made:
            return []
        takes = pa.concat_tables(made)
        rows = with_column(takes, "unit", pa.array(range(len(takes)), pa.int32()))
        target = self._folder.retry_plan_file(plans, digest_rows(rows))
        names = json.dumps([request.request for request in answered]).encode()
        schema = before[0].schema
        write_table([rows], schema.with_metadata({**(schema.metadata or {}), REQUESTS_KEY: names}), target)
        for request in answered:
            self._folder.log_event(
                "request", request=request.request, id=request.id, takes=request.n_takes, plan=target.stem
            )
            self._answer(request, rows)
        return [_unit(target, rows, number) for number in range(len(rows))]

    def _takes_of(self, request: TakeRequest, before: Sequence[pa.Table]) -> pa.Table:
        """Plan the takes of one request.

        Args:
            request: the request.
            before: requested rows in each plan so far, beginning with the first plan of the generation.

        Raises:
            InputError: the request does not fit the run.
        """
        earlier = [rows.filter(pc.equal(rows.column("id"), request.id)) for rows in before]
        if not earlier or not len(earlier[0]):
            raise InputError("The run has no such row", got=request.id, fix="use an id of its manifest")
        row = edit_row(earlier[0].slice(0, 1), request.edit, self._settings, self._read)
        n_made = max(attempts_made(rows)[number].as_py() for rows in earlier for number in range(len(rows)))
        schema = before[0].schema
        takes = [
            add_take_keys(row, self._settings, attempt=n_made + number).select(schema.names).cast(schema)
            for number in range(1, request.n_takes + 1)
        ]
        return pa.concat_tables(takes)


def _without_repeated_rows(requests: Iterable[TakeRequest]) -> list[list[TakeRequest]]:
    """Divide requests, in order, into groups with one request per row, since attempts are numbered plan by plan."""
    groups: list[list[TakeRequest]] = []
    n_seen: Counter[str] = Counter()
    for request in requests:
        if n_seen[request.id] == len(groups):
            groups.append([])
        groups[n_seen[request.id]].append(request)
        n_seen[request.id] += 1
    return groups


def _take_names(rows: pa.Table) -> Sequence[TakeName]:
    return [(row["take_key"], row["attempt"]) for row in rows.select(["take_key", "attempt"]).to_pylist()]


def _unit(plan: Path, rows: pa.Table, number: int) -> WorkUnit:
    return WorkUnit(f"{plan.stem}-u{number:06d}", rows.slice(number, 1), is_requested=True)
