"""Where a run keeps its things.

RUN/
├── run.json     what was asked, one entry a generation
├── lock         held by the one driver
├── plan/        the rows of a generation with their keys and units; its voices and recordings; its retries
├── parts/       finished units, immutable: the state of the run is which files stand here
├── tmp/         units being written; swept at every start
├── events.jsonl what happened, for people; never read back as state
├── corpus/      where the run is a corpus: its manifest, its rules, and its rows with what rejected them
└── export/      what is made of the takes
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
        return sorted(self.parts.glob("*.parquet"))

    def voices_file(self, generation: int) -> Path:
        return self.plans / f"g{generation:04d}-voices.parquet"

    def sources_file(self, generation: int) -> Path:
        """Recordings that lay in the manifest itself."""
        return self.plans / f"g{generation:04d}-sources.parquet"

    def plan_file(self, generation: int, retry: int = 0) -> Path:
        """The plan of a generation, or of one of its retries, from 1."""
        suffix = f"-r{retry:03d}" if retry else ""
        return self.plans / f"g{generation:04d}{suffix}.parquet"

    def plan_files(self, generation: int) -> list[Path]:
        """The plan of a generation and its retries so far, oldest first."""
        found: list[Path] = []
        while (path := self.plan_file(generation, len(found))).exists():
            found.append(path)
        return found

    def newest_planned(self) -> int:
        """The newest generation that has a plan; 0 where there is none."""
        first_plans = (path.stem for path in self.plans.glob("g*.parquet") if "-" not in path.stem)
        return max((int(stem[1:]) for stem in first_plans), default=0)
