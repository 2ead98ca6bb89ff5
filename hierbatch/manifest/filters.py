"""Which takes go into a corpus: rules on columns, read from a TOML file.

[[rule]]
name = "noisy"            # what a rejected row is told
column = "snr_db"         # any column of the takes
min = 20                  # and, or instead: max, any_of, none_of
where = { lang = "ko" }   # only rows of which this holds
required = true           # an empty value is rejected too; without it, it passes
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import pyarrow as pa

from hierbatch.errors import InputError

FAILED = "failed"
"""What a row that has no good take is rejected by, whatever the rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterRule:
    """One rule; a row of which it does not hold is rejected under its name.

    Of a list column, such as `flags`, `any_of` and `none_of` look at the list's entries.
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
        if any(row[name] != value for name, value in self.where.items()):
            return False
        value = row[self.column]
        if value is None:
            return self.required
        found = set(value) if isinstance(value, list) else {value}
        return (
            # Not `outside`, but `not inside`: NaN is outside too.
            (self.min is not None and not value >= self.min)
            or (self.max is not None and not value <= self.max)
            or (self.any_of is not None and found.isdisjoint(self.any_of))
            or (self.none_of is not None and not found.isdisjoint(self.none_of))
        )


DEFAULT_FILTER = """\
[[rule]]
name = "flagged"
column = "flags"
none_of = ["silent", "clipped", "too_long", "too_short", "long_silence", "off_text", "off_voice", "misheard"]
"""
"""The rule where no file is given."""

MENDABLE = frozenset(
    ("n_samples", "duration_s", "loudness_lufs", "rms_db", "peak_db", "silence_ratio", "longest_silence_s",
     "clipped_samples", "duration_ratio", "f0_median_hz", "f0_std_semitones", "snr_db", "semantic_dist",
     "speaker_similarity", "heard_text", "character_error", "flags")
)  # fmt: skip
"""Columns of the takes in which another seed may do better."""


def read_filter(path: Path, schema: pa.Schema) -> tuple[FilterRule, ...]:
    """Rules of a file, checked against the columns they will meet.

    Raises:
        InputError: no TOML, no rules, unknown keys or columns, bounds on what is no number; all in one error.
    """
    try:
        page = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The filter {path} cannot be read", got=error.strerror or str(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"The filter {path} is no TOML", got=str(error)) from error
    entries = page.get("rule")
    if not isinstance(entries, list) or not entries or set(page) != {"rule"}:
        raise InputError(
            f"The filter {path} holds no rules", wanted="[[rule]] tables", got=", ".join(page) or "nothing"
        )
    problems = [problem for number, entry in enumerate(entries, 1) for problem in _problems(entry, number, schema)]
    names = [entry.get("name") for entry in entries]
    problems += [f"the name {name!r} stands there twice" for name in sorted({n for n in names if names.count(n) > 1})]
    if problems:
        raise InputError(
            f"The filter {path} cannot be used",
            got="; ".join(problems),
            mend="docs/corpora.md explains the rules, manifests/README.md the columns",
        )
    return tuple(FilterRule(**{name: _frozen(value) for name, value in entry.items()}) for entry in entries)


def rejections(row: Mapping[str, Any], rules: Collection[FilterRule]) -> list[str]:
    """Names of all rules that reject a take's row; empty where it is kept."""
    if row["status"] != "ok":
        return [FAILED]
    return [rule.name for rule in rules if rule.rejects(row)]


def calls_for_another(row: Mapping[str, Any], rules: Collection[FilterRule]) -> bool:
    """Whether rules reject a good take for what another seed may mend, and for nothing else."""
    broken = [rule for rule in rules if rule.rejects(row)] if row["status"] == "ok" else []
    return bool(broken) and all(rule.column in MENDABLE for rule in broken)


def columns_of(rules: Collection[FilterRule]) -> set[str]:
    """Columns that the rules look at."""
    return {"status"} | {name for rule in rules for name in (rule.column, *rule.where)}


_KEYS = tuple(field.name for field in fields(FilterRule))
_BOUNDS, _CHOICES = ("min", "max"), ("any_of", "none_of")


def _problems(entry: Any, number: int, schema: pa.Schema) -> list[str]:
    if not isinstance(entry, dict):
        return [f"rule {number} is no table"]
    if not isinstance(entry.get("name"), str) or not isinstance(entry.get("column"), str):
        return [f"rule {number} lacks a name or a column"]
    name, column, where = entry["name"], entry["column"], entry.get("where", {})
    found = [f"rule {name} has an unknown key {key}" for key in entry if key not in _KEYS]
    if not any(key in entry for key in (*_BOUNDS, *_CHOICES, "required")):
        found.append(f"rule {name} asks for nothing: give it {', '.join((*_BOUNDS, *_CHOICES))} or required")
    if not isinstance(where, dict):
        return [*found, f"rule {name} has a where that is no table"]
    unknown = [each for each in (column, *where) if each not in schema.names or each in ("audio", "timings")]
    found += [f"rule {name} asks for a column {each}, which takes do not have" for each in unknown]
    if column not in unknown and any(key in entry for key in _BOUNDS) and not _is_number(schema.field(column).type):
        found.append(f"rule {name} sets a bound on {column}, which holds no numbers")
    found += [f"rule {name} wants a number as {key}" for key in _BOUNDS if not _is_plain_number(entry.get(key, 0))]
    found += [f"rule {name} wants a list as {key}" for key in _CHOICES if not isinstance(entry.get(key, []), list)]
    return found


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _is_plain_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
