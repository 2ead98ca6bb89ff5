"""Validation of manifests before a run; all problems are reported in one error."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.errors import ManifestError
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS, RESERVED_NAMES
from hierbatch.manifest.tables.headers import found_columns, missing_columns
from hierbatch.manifest.tables.repeated_names import repeated_names
from hierbatch.manifest.tables.store import TableFile
from hierbatch.names import name_key

SAFE_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
"""Pattern of ids that are also safe file names: no separators, no leading dot, no shell metacharacters.

It is used with `re.fullmatch` and in Arrow; `re.match` would accept a newline at the end.
"""

_N_EXAMPLES = 5
_SIMILAR, _MAX_COMPARED = 0.8, 200
"""Minimum similarity of two names (`difflib`), and maximum number of columns that are compared."""
_OTHER_NAMES = {"lang": "language", "locale": "language", "speaker": "voice", "speaker_id": "voice"}
"""Names of columns in other programs, and the names that hierbatch uses instead."""

_RANGES = {
    "speed": (0.5, 2.0),
    "pitch_semitones": (-12.0, 12.0),
    "prosody": (0.0, 2.0),
    "pause_after_s": (0.0, 60.0),
    "rate_hz": (8_000, 192_000),
    "transpose_semitones": (-48.0, 48.0),
    "vibrato_cents": (0.0, 100.0),
}

_CHECKED = ("id", "voice", "language", *_RANGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRequirements:
    """Requirements of a run on the columns and values of its manifest."""

    languages: Collection[str] | None = None
    """Allowed languages; None if no language is needed."""
    voices: Collection[str] | None = None
    """Known voices; None allows any name."""
    default_language: str | None = None
    default_voice: str | None = None
    one_of: tuple[str, ...] = ("text", "phonemes")
    """Columns of which at least one must exist."""
    needs_voice: bool = True


@dataclass(slots=True)
class _Findings:
    """Problems with values, counted by kind, with a few examples of each.

    The message therefore stays short even for a million faulty rows.
    """

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, values: pa.ChunkedArray | pa.Array, n_values: int | None = None) -> None:
        if len(values):
            self.counts[kind] += len(values) if n_values is None else n_values
            shown = self.examples.setdefault(kind, [])
            shown.extend(str(value)[:40] for value in values.slice(0, _N_EXAMPLES - len(shown)).to_pylist())

    def summary(self) -> list[str]:
        return [f"{n} {kind} ({', '.join(self.examples[kind])})" for kind, n in self.counts.items()]


def check_manifest(manifest: TableFile, expected: ManifestRequirements) -> int:
    """Validate a manifest, and return the number of rows.

    All problems are reported together: the other columns are checked even if one is missing or has a wrong type.

    Raises:
        ManifestError: no rows, wrong columns or types, missing, unsafe or duplicate ids, unknown voices or languages,
            values out of range.
    """
    problems = [*manifest.problems, *_column_problems(manifest.schema, expected.one_of)]
    n_rows, found = _value_problems(manifest, expected)
    problems += found
    if problems:
        raise ManifestError(
            f"{manifest.path} has {len(problems)} problem{'s' if len(problems) > 1 else ''}",
            got="; ".join(problems),
            fix="correct the table; manifests/README.md documents every column",
        )
    return n_rows


def id_notices(manifest: TableFile) -> tuple[str, ...]:
    """Message about ids of a valid manifest that differ only in case; empty if there are none.

    On some file systems, the names of exported files would collide.
    """
    n_twins, twins = repeated_names(lambda: (pc.utf8_lower(table.column("id")) for table in manifest.batches(["id"])))
    shown = ", ".join(twins.slice(0, _N_EXAMPLES).to_pylist())
    return (f"{n_twins} ids occur in several spellings that differ only in case: {shown}",) if n_twins else ()


def column_notices(names: Collection[str]) -> tuple[str, ...]:
    """Messages about columns without effect, such as `lang`, whose names resemble that of an absent declared column.

    Args:
        names: columns of a manifest.
    """
    absent = [column.name for column in MANIFEST_COLUMNS if column.name not in names]
    declared = {column.name for column in MANIFEST_COLUMNS}
    notices: list[str] = []
    for name in [name for name in names if name not in declared][:_MAX_COMPARED]:
        key = name_key(name).replace(" ", "_")
        close = difflib.get_close_matches(_OTHER_NAMES.get(key, key), absent, n=1, cutoff=_SIMILAR)
        notices += [f"Column {name} has no effect. Did you mean {meant}?" for meant in close]
    return tuple(notices)


def _column_problems(schema: pa.Schema, one_of: tuple[str, ...]) -> list[str]:
    problems = missing_columns(schema.names, ("id",))
    if not set(one_of) & set(schema.names):
        neither = "there is neither a {} nor a {} column" if len(one_of) > 1 else "column {} is missing"
        problems.append(neither.format(*one_of) + ("" if problems else found_columns(schema.names)))
    problems += [f"column {name} is reserved for output" for name in schema.names if name in RESERVED_NAMES]
    return problems


def _value_problems(manifest: TableFile, expected: ManifestRequirements) -> tuple[int, list[str]]:
    """Count the rows, and list the problems with the values of the columns that can be read."""
    findings, n_rows = _Findings(), 0
    names = _columns_to_check(manifest)
    if not names:
        return 0, []
    for table in manifest.batches(names):
        columns = {name: table.column(name) if name in table.column_names else None for name in _CHECKED}
        ids = columns["id"]
        if ids is None:
            ids = pa.chunked_array([pa.array([f"row {n_rows + number}" for number in range(len(table))], pa.string())])
        else:
            _check_ids(ids, n_rows, findings)
        if expected.needs_voice and "voice" not in manifest.invalid_columns:
            _check_names(columns["voice"], ids, expected.voices, expected.default_voice, "voice", findings)
        if expected.languages is not None and "language" not in manifest.invalid_columns:
            _check_names(columns["language"], ids, expected.languages, expected.default_language, "language", findings)
        for name, (low, high) in _RANGES.items():
            _check_range(columns[name], ids, low, high, name, findings)
        n_rows += len(table)
    if n_rows == 0:
        return 0, ["the table has no rows"]
    if "id" in names:
        n_repeated, repeated = repeated_names(lambda: (table.column("id") for table in manifest.batches(["id"])))
        findings.add("ids are used more than once", repeated, n_repeated)
    return n_rows, findings.summary()


def _columns_to_check(manifest: TableFile) -> list[str]:
    """Valid columns whose values are checked; if there are none, one other valid column, to count the rows."""
    names = [name for name in _CHECKED if name in manifest.valid_columns]
    return (
        names
        or [name for name in manifest.valid_columns if not pa.types.is_nested(manifest.schema.field(name).type)][:1]
    )


def _check_ids(ids: pa.ChunkedArray, first_row: int, findings: _Findings) -> None:
    rows = pa.chunked_array([pa.array(range(first_row, first_row + len(ids)))])
    findings.add("rows have no id (row numbers)", rows.filter(ids.is_null()))
    safe = pc.match_substring_regex(ids, SAFE_ID)
    findings.add(
        "ids contain characters other than letters, digits, '.', '_', '-', or are too long", ids.filter(pc.invert(safe))
    )


def _check_names(
    names: pa.ChunkedArray | None,
    ids: pa.ChunkedArray,
    known: Collection[str] | None,
    default: str | None,
    column: str,
    findings: _Findings,
) -> None:
    missing: Any = pa.chunked_array([pa.array([True] * len(ids))]) if names is None else names.is_null()
    if default is None:
        findings.add(f"rows name no {column} and the run has no default (ids)", ids.filter(missing))
    if names is not None and known is not None:
        unknown = pc.and_not(pc.invert(missing), pc.is_in(names, pa.array(sorted(known), pa.string())))
        findings.add(f"rows have a {column} other than {', '.join(sorted(known))}", names.filter(unknown))


def _check_range(
    values: pa.ChunkedArray | None, ids: pa.ChunkedArray, low: float, high: float, column: str, findings: _Findings
) -> None:
    if values is not None:
        # Negated `inside`, so that NaN counts as outside.
        inside = pc.and_(pc.greater_equal(values, low), pc.less_equal(values, high))
        findings.add(f"rows have a {column} outside {low:g} to {high:g} (ids)", ids.filter(pc.invert(inside)))
