"""Description of an audiobook to make from a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hierbatch.delivery.pauses import PauseRules
from hierbatch.jobs.options.delivery import Delivery, RunDelivery
from hierbatch.jobs.options.project import ChapterChoice
from hierbatch.manifest.run_layout import RunLayout
from hierbatch.models.catalog.model_choice import DeviceChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class BookJob:
    """Run to master, output formats and output folder."""

    run: Path
    out: Path | None = None
    """Local folder of the audiobook; None takes `RUN/export/book`, which requires a local run."""
    delivery: Delivery = field(default_factory=RunDelivery)
    """Formats, profiles and tags; empty tags take the details of the book, and the title the column `book`."""
    device: DeviceChoice = field(default_factory=DeviceChoice)
    """Device of the bandwidth extension."""
    source: Path | None = None
    """EPUB the rows were imported from, whose markup a readalong keeps; None builds the pages from the rows."""
    embedded_cover: bytes | None = None
    """Cover image where neither `delivery` nor the details of the book name one."""
    pauses: PauseRules = field(default_factory=PauseRules)
    allow_missing: bool = False
    """Accept failed and missing rows: each one leaves a silence of its expected duration."""
    overwrite: bool = False
    """Replace existing files."""
    chapters: ChapterChoice = field(default_factory=ChapterChoice)
    """Chapters to deliver."""
    details: Path | None = None
    """`book.toml` of the book; None looks for it in the run and beside its manifest."""

    @property
    def kept_chapters(self) -> Path:
        """Folder of mastered chapters in the run."""
        return RunLayout(self.run).mastered / self.chapters.folder_name

    @property
    def encoded_files(self) -> Path:
        """Folder of files that are encoded while the rest of the book is being synthesized."""
        return self.kept_chapters / "encoded"
