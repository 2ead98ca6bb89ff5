"""File layout of a run folder.

RUN/
├── run.json     settings, one entry per generation
├── lock         lock of the single driver
├── desk.lock    lock of the desk that may write decisions
├── plan/        per generation: rows with keys and work units, voices, recordings, retries
│                g0001, g0001-r001-HASH (a retry), g0001-j001 (all of them joined), g0001-j001-r001-HASH
├── parts/       finished work units, immutable; these files are the state of the run
├── index/       index of the planned rows that have parts, for a fast start; rebuilt from plans and parts if missing
├── tmp/         work units being written; emptied at every start
├── events.jsonl event log for people; never read back as state
├── choices/     decisions of reviewers, append-only, one file per writer
├── lexicon.csv  pronunciations that reviewers corrected
├── requests/    requests for new takes of single rows, append-only, one file per writer
├── mastered/    mastered chapters of a book, and encoded files of an incomplete book, named by hashes
├── corpus/      for a corpus: its manifest, its filter rules, and its rows with the rules that rejected them
└── export/      products of the takes
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hierbatch.object_path import list_folder

_PLAN = re.compile(r"g(?P<generation>\d+)(-j(?P<joined>\d+))?(-r(?P<retry>\d+)(-[0-9a-f]+)?)?")
_COMPACTED = re.compile(r"g\d+-c")
_NUMBERED = re.compile(r"(?P<series>g\d+-c[0-9a-f]{12}|g\d+(?:-[jr]\d+|-[0-9a-f]+)*-u)-?(?P<number>\d+)")
"""Pattern of the file name of a part, with the series and the number of the part in the series."""

FOLDER_PARTS = 2_000
"""Work units per folder of parts; the unit of a crashed worker has a few parts, so a folder has under 10,000 files."""


@dataclass(frozen=True, slots=True)
class RunLayout:
    """Paths of the files of a run; a generation is one manifest with one set of settings, numbered from 1."""

    root: Path

    @property
    def record_file(self) -> Path:
        """File with the settings of all generations."""
        return self.root / "run.json"

    @property
    def lock_file(self) -> Path:
        """Lock file of the driver."""
        return self.root / "lock"

    @property
    def desk_lock_file(self) -> Path:
        """Lock file of the review desk that may write decisions."""
        return self.root / "desk.lock"

    @property
    def plans(self) -> Path:
        """Folder of plans, voices and stored recordings."""
        return self.root / "plan"

    @property
    def parts(self) -> Path:
        """Folder of committed parts."""
        return self.root / "parts"

    @property
    def index(self) -> Path:
        """Folder of the index of committed rows, which is derived from the plans and parts."""
        return self.root / "index"

    def units_file(self, plan: Path) -> Path:
        """File of the work units of a plan, without the rows of the plan."""
        return self.index / f"{plan.stem}-units.arrow"

    @property
    def tmp(self) -> Path:
        """Folder of parts being written."""
        return self.root / "tmp"

    @property
    def events_file(self) -> Path:
        """File of the event log."""
        return self.root / "events.jsonl"

    @property
    def choices(self) -> Path:
        """Folder of decisions on takes."""
        return self.root / "choices"

    @property
    def requests(self) -> Path:
        """Folder of requests for new takes."""
        return self.root / "requests"

    @property
    def corrected_lexicon(self) -> Path:
        """Lexicon of pronunciations that reviewers corrected, used in addition to the lexicon of the run."""
        return self.root / "lexicon.csv"

    @property
    def mastered(self) -> Path:
        """Folder of mastered chapters."""
        return self.root / "mastered"

    @property
    def corpus_manifest(self) -> Path:
        """Manifest file of a corpus."""
        return self.root / "corpus" / "manifest.parquet"

    @property
    def corpus_filter(self) -> Path:
        """File with the filter rules of a corpus."""
        return self.root / "corpus" / "filter.toml"

    @property
    def corpus_rows(self) -> Path:
        """Table of the rows of a corpus, with the rules that rejected them."""
        return self.root / "corpus" / "rows.parquet"

    def part_file(self, unit: str) -> Path:
        """Part file of a work unit; the first 2000 of a plan are in `parts/` itself, later ones in folders of 2000."""
        named = _NUMBERED.match(unit)
        number = int(named["number"]) // FOLDER_PARTS if named else 0
        folder = self.parts / f"{named['series']}{number:05d}" if named and number else self.parts
        return folder / f"{unit}.parquet"

    def part_folders(self) -> list[Path]:
        """Folders of parts, the first one being `parts/` itself."""
        _, folders = list_folder(self.parts)
        return [self.parts, *(self.parts / name for name in sorted(folders) if not name.startswith("."))]

    def part_files(self) -> list[Path]:
        """Committed parts, compacted ones first: those are permanent, and of two equal takes the first one counts."""
        found = [
            folder / name
            for folder in self.part_folders()
            for name in list_folder(folder)[0]
            if name.endswith(".parquet") and not name.startswith(".")
        ]
        return sorted(found, key=lambda part: (not _COMPACTED.match(part.name), part.name))

    def voices_file(self, generation: int) -> Path:
        """File of the voice table of a generation."""
        return self.plans / f"g{generation:04d}-voices.parquet"

    def sources_file(self, generation: int) -> Path:
        """File of the recordings that were embedded in the manifest of a generation."""
        return self.plans / f"g{generation:04d}-sources.parquet"

    def plan_file(self, generation: int) -> Path:
        """File of the first plan of a generation."""
        return self.plans / f"g{generation:04d}.parquet"

    def retry_plan_file(self, plans: Sequence[Path], digest: str) -> Path:
        """Path of the next retry plan of a generation.

        The name of the plan contains a hash of its rows, as do the names of its parts: in an object store, two drivers
        may plan a retry at the same time, and must not write different rows under the same name.

        Args:
            plans: the current plans of the generation, oldest first.
            digest: hash of the rows of the retry plan.
        """
        return self.plans / f"{plans[0].stem}-r{len(plans):03d}-{digest}.parquet"

    def joined_plan_file(self, generation: int) -> Path:
        """Path of the plan that will replace all plans of a generation; always a new path, since plans never change."""
        joined = [joined for joined, _, _ in self._plans_of(generation)]
        return self.plans / f"g{generation:04d}-j{max(joined, default=0) + 1:03d}.parquet"

    def plan_files(self, generation: int) -> list[Path]:
        """Current plan of a generation and its retries, oldest first."""
        found = sorted(self._plans_of(generation))
        newest = max((joined for joined, retry, _ in found if not retry), default=None)
        return [path for joined, _, path in found if joined == newest]

    def replaced_plan_files(self, generation: int) -> list[Path]:
        """Plans of a generation that a joined plan has replaced."""
        current = self.plan_files(generation)
        return [path for _, _, path in self._plans_of(generation) if path not in current]

    def newest_generation(self) -> int:
        """Number of the newest generation with a plan; 0 if there is none."""
        planned = (int(name["generation"]) for name, _ in self._all_plans() if name["retry"] is None)
        return max(planned, default=0)

    def _plans_of(self, generation: int) -> list[tuple[int, int, Path]]:
        """All plans of a generation, each with its join number (0: not joined) and retry number (0: not a retry)."""
        return [
            (int(name["joined"] or 0), int(name["retry"] or 0), path)
            for name, path in self._all_plans()
            if int(name["generation"]) == generation
        ]

    def _all_plans(self) -> Iterator[tuple[re.Match[str], Path]]:
        for path in self.plans.glob("g*.parquet"):
            if name := _PLAN.fullmatch(path.stem):
                yield name, path


def is_compacted_part(name: str) -> bool:
    """True for the file name of a compacted part."""
    return _COMPACTED.match(name) is not None
