"""Where a run keeps its things.

RUN/
├── run.json     what was asked, one entry a generation
├── lock         held by the one driver
├── plan/        the rows of a generation with their keys and units; its voices and recordings; its retries
│                g0001, g0001-r001-HASH (a retry), g0001-j001 (all of them joined), g0001-j001-r001-HASH
├── parts/       finished units, immutable: the state of the run is which files stand here
├── tmp/         units being written; swept at every start
├── events.jsonl what happened, for people; never read back as state
├── corpus/      where the run is a corpus: its manifest, its rules, and its rows with what rejected them
└── export/      what is made of the takes
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_PLAN = re.compile(r"g(?P<generation>\d+)(-j(?P<joined>\d+))?(-r(?P<retry>\d+)(-[0-9a-f]+)?)?")
_COMPACTED = re.compile(r"g\d+-c")


@dataclass(frozen=True, slots=True)
class RunLayout:
    """The paths of a run. A generation is one manifest with one set of settings, counted from 1."""

    root: Path

    @property
    def record_file(self) -> Path:
        return self.root / "run.json"

    @property
    def lock_file(self) -> Path:
        return self.root / "lock"

    @property
    def plans(self) -> Path:
        return self.root / "plan"

    @property
    def parts(self) -> Path:
        return self.root / "parts"

    @property
    def tmp(self) -> Path:
        return self.root / "tmp"

    @property
    def events_file(self) -> Path:
        return self.root / "events.jsonl"

    @property
    def corpus_manifest(self) -> Path:
        return self.root / "corpus" / "manifest.parquet"

    @property
    def corpus_filter(self) -> Path:
        return self.root / "corpus" / "filter.toml"

    @property
    def corpus_rows(self) -> Path:
        return self.root / "corpus" / "rows.parquet"

    def part_file(self, unit: str) -> Path:
        return self.parts / f"{unit}.parquet"

    def part_files(self) -> list[Path]:
        """Finished parts, compacted ones first: they are there to stay, and of two equal takes the first counts."""
        return sorted(self.parts.glob("*.parquet"), key=lambda part: (not _COMPACTED.match(part.stem), part.name))

    def voices_file(self, generation: int) -> Path:
        return self.plans / f"g{generation:04d}-voices.parquet"

    def sources_file(self, generation: int) -> Path:
        """Recordings that lay in the manifest itself."""
        return self.plans / f"g{generation:04d}-sources.parquet"

    def plan_file(self, generation: int) -> Path:
        """The first plan of a generation."""
        return self.plans / f"g{generation:04d}.parquet"

    def retry_file(self, plans: Sequence[Path], digest: str) -> Path:
        """A further plan beside those that a generation has.

        Its name tells its rows, and so do those of its parts: two drivers that meet in an object store may both plan a
        retry, and neither is to put other rows under the other's names.
        """
        return self.plans / f"{plans[0].stem}-r{len(plans):03d}-{digest}.parquet"

    def joined_file(self, generation: int) -> Path:
        """The plan that is to replace all that a generation has, under a name that never was: no plan ever changes."""
        joined = [joined for joined, _, _ in self._plans_of(generation)]
        return self.plans / f"g{generation:04d}-j{max(joined, default=0) + 1:03d}.parquet"

    def plan_files(self, generation: int) -> list[Path]:
        """The plan of a generation and its retries so far, oldest first."""
        found = sorted(self._plans_of(generation))
        newest = max((joined for joined, retry, _ in found if not retry), default=None)
        return [path for joined, _, path in found if joined == newest]

    def replaced_plan_files(self, generation: int) -> list[Path]:
        """Plans of a generation whose rows stand joined in another."""
        counting = self.plan_files(generation)
        return [path for _, _, path in self._plans_of(generation) if path not in counting]

    def newest_planned(self) -> int:
        """The newest generation that has a plan; 0 where there is none."""
        planned = (int(name["generation"]) for name, _ in self._all_plans() if name["retry"] is None)
        return max(planned, default=0)

    def _plans_of(self, generation: int) -> list[tuple[int, int, Path]]:
        """All plans of a generation, each with how often it was joined and its number as a retry; 0 is never."""
        return [
            (int(name["joined"] or 0), int(name["retry"] or 0), path)
            for name, path in self._all_plans()
            if int(name["generation"]) == generation
        ]

    def _all_plans(self) -> Iterator[tuple[re.Match[str], Path]]:
        for path in self.plans.glob("g*.parquet"):
            if name := _PLAN.fullmatch(path.stem):
                yield name, path
