"""Filter rules that select the takes of a corpus, read from a TOML file.

[[rule]]
name = "noisy"            # recorded as the reason of a rejected row
column = "snr_db"         # any column of the takes
min = 20                  # and/or: max, any_of, none_of
where = { language = "ko" }   # applies only to rows with these values
required = true           # also reject empty values, which pass otherwise
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pyarrow as pa

from hierbatch.errors import InputError
from hierbatch.manifest.columns.measures import MEASURE_COLUMNS
from hierbatch.manifest.columns.schema import FLAGS

FAILED = "failed"
"""Name of the built-in rule that rejects rows without a successful take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterRule:
    """A filter rule; rows that violate the rule are rejected, with the name of the rule as the reason.

    In a list column such as `flags`, at least one entry must be in `any_of`, and no entry in `none_of`. A column that
    the row does not have counts as empty.
    """

    name: str
    column: str
    min: float | None = None
    max: float | None = None
    any_of: tuple[Any, ...] | None = None
    none_of: tuple[Any, ...] | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    required: bool = False

    def rejects(self, row: Mapping[str, Any]) -> bool:
        """Return True if a take violates the rule."""
        if any(row.get(name) != value for name, value in self.where.items()):
            return False
        value = row.get(self.column)
        if value is None:
            return self.required
        found = set(value) if isinstance(value, list) else {value}
        return (
            # Negated comparisons, so that NaN counts as out of range.
            (self.min is not None and not value >= self.min)
            or (self.max is not None and not value <= self.max)
            or (self.any_of is not None and found.isdisjoint(self.any_of))
            or (self.none_of is not None and not found.isdisjoint(self.none_of))
        )


DEFAULT_FILTER = f"""\
[[rule]]
name = "flagged"
column = "flags"
none_of = {json.dumps(FLAGS)}
"""
"""Default rules, used without a filter file."""

RETRYABLE_COLUMNS = frozenset(
    ("n_samples", "duration_s", "loudness_lufs", "rms_db", "peak_db", "silence_ratio", "longest_silence_s",
     "clipped_samples", "duration_ratio", "f0_median_hz", "f0_std_semitones", "snr_db", "flags",
     *(column.name for column in MEASURE_COLUMNS))
)  # fmt: skip
"""Columns of takes whose values can be better in a take with another seed."""


def read_filter(path: Path, schema: pa.Schema | None) -> tuple[FilterRule, ...]:
    """Read filter rules and check them against the columns of the takes.

    Args:
        path: a TOML file.
        schema: schema of the takes; None skips the check of the columns.

    Raises:
        InputError: the file is unreadable or not valid TOML, or has no rules or invalid ones (unknown keys or columns,
            bounds on columns without numbers); the problems of all rules are in one error.
    """
    try:
        page = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"The filter {path} cannot be read", got=error.strerror or str(error), fix="check the path"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"The filter {path} is not valid TOML", got=str(error), fix="correct the file") from error
    entries = page.get("rule")
    if not isinstance(entries, list) or not entries or set(page) != {"rule"}:
        raise InputError(
            f"The filter {path} has no rules",
            expected="[[rule]] tables",
            got=", ".join(page) or "nothing",
            fix="add rules; docs/corpora.md documents them",
        )
    problems = [problem for number, entry in enumerate(entries, 1) for problem in _problems(entry, number, schema)]
    names = [entry["name"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("name"), str)]
    problems += [f"the name {name!r} occurs twice" for name in sorted({n for n in names if names.count(n) > 1})]
    if problems:
        raise InputError(
            f"The filter {path} is invalid",
            got="; ".join(problems),
            fix="correct the rules; docs/corpora.md documents them, manifests/README.md the columns",
        )
    return tuple(FilterRule(**{name: _frozen(value) for name, value in entry.items()}) for entry in entries)


def rejections(row: Mapping[str, Any], rules: Collection[FilterRule]) -> list[str]:
    """Names of all rules that reject a take, or only `FAILED` for a failed take; empty if the take is kept."""
    if row["status"] != "ok":
        return [FAILED]
    return [rule.name for rule in rules if rule.rejects(row)]


def needs_retake(row: Mapping[str, Any], rules: Collection[FilterRule], measured: Collection[str] = ()) -> bool:
    """Return True if a successful take is rejected, but only by rules on columns whose values a new seed may improve.

    Args:
        row: a take.
        rules: filter rules.
        measured: names of the columns of added measures, whose values a new seed may improve too.
    """
    violated = [rule for rule in rules if rule.rejects(row)] if row["status"] == "ok" else []
    return bool(violated) and all(rule.column in RETRYABLE_COLUMNS or rule.column in measured for rule in violated)


def rule_columns(rules: Collection[FilterRule]) -> set[str]:
    """Columns that the rules use, and `status`."""
    return {"status"} | {name for rule in rules for name in (rule.column, *rule.where)}


_KEYS = tuple(field.name for field in fields(FilterRule))
_BOUNDS, _CHOICES = ("min", "max"), ("any_of", "none_of")


def _problems(entry: Any, number: int, schema: pa.Schema | None) -> list[str]:
    if not isinstance(entry, dict):
        return [f"rule {number} is not a table"]
    if not isinstance(entry.get("name"), str) or not isinstance(entry.get("column"), str):
        return [f"rule {number} lacks a name or a column"]
    name, where = entry["name"], entry.get("where", {})
    found = [f"rule {name} has an unknown key {key}" for key in entry if key not in _KEYS]
    if not any(key in entry for key in (*_BOUNDS, *_CHOICES, "required")):
        found.append(f"rule {name} has no condition: add {', '.join((*_BOUNDS, *_CHOICES))} or required")
    if not isinstance(where, dict):
        return [*found, f"rule {name} has a where that is not a table"]
    if schema is not None:
        found += _column_problems(entry, schema)
    found += [f"rule {name} needs a number as {key}" for key in _BOUNDS if not _is_plain_number(entry.get(key, 0))]
    found += [f"rule {name} needs a list of values as {key}" for key in _CHOICES if not _is_choice(entry.get(key, []))]
    return found


def _is_choice(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str | int | float) for each in value)


def _column_problems(entry: Mapping[str, Any], schema: pa.Schema) -> list[str]:
    name, column = entry["name"], entry["column"]
    columns = (column, *entry.get("where", {}))
    unknown = [each for each in columns if each not in schema.names or each in ("audio", "timings", "word_distances")]
    found = [f"rule {name} uses column {each}, which takes do not have" for each in unknown]
    if column not in unknown and any(key in entry for key in _BOUNDS) and not _is_number(schema.field(column).type):
        found.append(f"rule {name} sets a bound on {column}, which is not numeric")
    return found


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _is_plain_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
