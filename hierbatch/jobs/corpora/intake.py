"""Division of long recordings into rows of one utterance each, with measures; an interrupted intake resumes."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.datasets.readers import list_rows, with_options
from hierbatch.datasets.rows import DatasetRow, RejectedRow, rejected
from hierbatch.errors import InputError, RowError, SegmentsError
from hierbatch.jobs.corpora.intake_rows import RowMaker, safe_name
from hierbatch.jobs.options.data import DataLayout
from hierbatch.jobs.options.intake import RowSettings
from hierbatch.json_object import parse_json_object
from hierbatch.manifest.corpora.intake_rows import DEFAULT_RULES, INTAKE_SCHEMA
from hierbatch.manifest.tables.parquet_writing import write_table
from hierbatch.manifest.takes.filters import FilterRule, read_filter
from hierbatch.storage import write_atomically

TABLE = "rows.parquet"
_SETTINGS, _FAULTS, _FOLDER = "intake.json", "rejected.jsonl", "recordings"
_WRITTEN_ROWS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeJob:
    """Recordings to divide, and the folder for their rows."""

    recordings: tuple[Path, ...]
    """Data sets in any layout of `hierbatch.datasets.readers.LAYOUTS`."""
    out: Path
    """Folder of the rows."""
    layout: DataLayout = field(default_factory=DataLayout)
    rows: RowSettings = field(default_factory=RowSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeResult:
    """Number and duration of kept rows, number of rows rejected by each rule, and recordings that cannot be used."""

    n_recordings: int
    n_kept: int
    kept_s: float
    n_rejected_by_rule: dict[str, int]
    unusable: tuple[RejectedRow, ...]


def intake(job: IntakeJob, log: Callable[[str], None]) -> IntakeResult:
    """Divide recordings at pauses, measure the rows, and apply the rules.

    Raises:
        InputError: a data set, an option or a rule is invalid, the folder contains an intake with other settings, or no
            recording can be used.
        ProgramError: a package of the recognizer is missing.
        StorageError: the disk is full, read-only or gone.
    """
    _ = job.rows.limits  # checked before any work
    rules = _read_rules(job.rows.filter)
    _check_settings(job)
    maker = RowMaker(job.rows, rules)
    folder = job.out / _FOLDER
    unusable: list[RejectedRow] = []
    tables: list[Path] = []
    for listed in list_rows(job.recordings, job.layout.dataset_options):
        if isinstance(listed, RejectedRow):
            unusable.append(listed)
            continue
        table = folder / f"{safe_name(listed.id)}.parquet"
        if not table.is_file():
            row = with_options(listed, job.layout.dataset_options)
            fault = row if isinstance(row, RejectedRow) else _write_rows(row, table, maker)
            if fault is not None:
                unusable.append(fault)
                log(f"{fault.id}: {fault.reason}")
                continue
            log(f"{listed.id}: {pq.read_metadata(table).num_rows} rows")
        tables.append(table)
    result = _collect(job.out, tables, unusable)
    if not tables:
        raise InputError(
            "No recording can be used", expected="recordings with speech", got=unusable[0].reason, fix="correct them"
        )
    return result


def _write_rows(row: DatasetRow, table: Path, maker: RowMaker) -> RejectedRow | None:
    """Write the rows of a recording; return None, or the rejection if the recording has no rows or cannot be used."""
    try:
        n_rows = write_table(_tables(maker.rows(row)), INTAKE_SCHEMA, table)
    except (RowError, SegmentsError) as error:
        return rejected(row.id, error)
    if not n_rows:
        table.unlink()
        return RejectedRow(id=row.id, reason="The recording has no speech long enough for a row. Fix: check it.")
    return None


def _tables(rows: Iterator[dict[str, Any]]) -> Iterator[pa.Table]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _WRITTEN_ROWS:
            yield pa.Table.from_pylist(batch, schema=INTAKE_SCHEMA)
            batch = []
    if batch:
        yield pa.Table.from_pylist(batch, schema=INTAKE_SCHEMA)


def _collect(out: Path, tables: Sequence[Path], unusable: Sequence[RejectedRow]) -> IntakeResult:
    """Write the table of all rows and the list of unusable recordings, and return the counts."""
    counts: Counter[str] = Counter()
    totals = {"kept": 0, "kept_s": 0.0}

    def batches() -> Iterator[pa.Table]:
        for table in tables:
            with pq.ParquetFile(table) as file:
                for batch in file.iter_batches(_WRITTEN_ROWS):
                    rows = pa.Table.from_batches([batch])
                    reasons, durations_s = rows["rejected_by"].to_pylist(), rows["duration_s"].to_pylist()
                    for names, duration_s in zip(reasons, durations_s, strict=True):
                        counts.update(names)
                        totals["kept"] += not names
                        totals["kept_s"] += 0.0 if names else duration_s
                    yield rows

    if tables:
        write_table(batches(), INTAKE_SCHEMA, out / TABLE)
    with write_atomically(out / _FAULTS) as temporary:
        lines = (json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in unusable)
        temporary.write_text("".join(lines), encoding="utf-8")
    return IntakeResult(
        n_recordings=len(tables),
        n_kept=int(totals["kept"]),
        kept_s=totals["kept_s"],
        n_rejected_by_rule=dict(counts),
        unusable=tuple(unusable),
    )


def _read_rules(path: Path | None) -> tuple[FilterRule, ...]:
    if path is not None:
        return read_filter(path, INTAKE_SCHEMA)
    entries = tomllib.loads(DEFAULT_RULES)["rule"]
    return tuple(_rule(entry) for entry in entries)


def _rule(entry: Mapping[str, Any]) -> FilterRule:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    return FilterRule(**fields)


def _check_settings(job: IntakeJob) -> None:
    """Write the settings into a new folder, or compare them with those of an existing folder.

    Raises:
        InputError: the folder has other settings.
    """
    rules = DEFAULT_RULES if job.rows.filter is None else job.rows.filter.read_text(encoding="utf-8")
    settings = {
        "min_duration_s": job.rows.min_duration_s,
        "max_duration_s": job.rows.max_duration_s,
        "segments": str(job.rows.segments or ""),
        "asr_model": str(job.rows.asr_model or ""),
        "language": job.layout.language or "",
        "speaker": job.layout.speaker or "",
        "rules_sha256": hashlib.sha256(rules.encode()).hexdigest(),
    }
    path = job.out / _SETTINGS
    if path.is_file():
        existing = _recorded_settings(path)
        if different := sorted(key for key in settings if existing.get(key) != settings[key]):
            raise InputError(
                f"{job.out} was made with other settings",
                expected="; ".join(f"{key} {existing.get(key)}" for key in different),
                got="; ".join(f"{key} {settings[key]}" for key in different),
                fix="use the same settings, or another folder as --out",
            )
        return
    with write_atomically(path) as temporary:
        temporary.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def _recorded_settings(path: Path) -> dict[str, Any]:
    try:
        return parse_json_object(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is damaged", got=str(error)[:80], fix="choose another folder as --out") from error
