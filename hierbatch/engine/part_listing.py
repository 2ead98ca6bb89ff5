"""List of the part files of a run, arranged by the plans and work units in their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hierbatch.engine.run_folder import RunFolder
from hierbatch.object_path import list_folder

UNIT_PART = re.compile(r"(?P<plan>.+)-u(?P<number>\d+)(?P<rest>.*)")
"""Name of a part file: its plan, the number of its unit, and a suffix if it has only some rows of the unit."""
_UNIT_FOLDER = re.compile(r"(?P<plan>.+)-u(?P<number>\d{5,})")


@dataclass(slots=True)
class PartListing:
    """Part files of a run: unit numbers of the parts of whole units, by plan, and paths of the other parts, by stem."""

    units: dict[str, list[int]]
    others: dict[str, Path] = field(default_factory=dict)
    skipped: dict[str, set[int]] = field(default_factory=dict)
    """Numbers of the folders that were not listed, by plan."""


def list_part_files(
    run: RunFolder, plans: Iterable[str], by_unit: Container[str], full: Mapping[str, Collection[int]]
) -> PartListing:
    """List the parts of a run.

    Args:
        run: the run.
        plans: stems of the plans.
        by_unit: stems of the plans whose units have distinct numbers.
        full: numbers of the part folders to skip, by plan.
    """
    listing = PartListing({stem: [] for stem in plans})
    for folder in run.part_folders():
        named = _UNIT_FOLDER.fullmatch(folder.name)
        if named and int(named["number"]) in full.get(named["plan"], ()):
            listing.skipped.setdefault(named["plan"], set()).add(int(named["number"]))
            continue
        for name in filter(_is_part, list_folder(folder)[0]):
            stem = name.removesuffix(".parquet")
            unit = UNIT_PART.fullmatch(stem)
            if unit and not unit["rest"] and unit["plan"] in by_unit:
                listing.units[unit["plan"]].append(int(unit["number"]))
            else:
                listing.others[stem] = folder / name
    return listing


def owning_plan(stem: str, plans: Container[str]) -> str:
    """Stem of the plan that the stem of a part names; empty if it names none or the plan is not in `plans`."""
    named = UNIT_PART.fullmatch(stem)
    return named["plan"] if named and named["plan"] in plans else ""


def _is_part(name: str) -> bool:
    return name.endswith(".parquet") and not name.startswith(".")
