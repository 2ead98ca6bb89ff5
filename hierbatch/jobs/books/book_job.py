"""Inputs and options of an audiobook that is made from a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hierbatch.delivery.pauses import PauseRules
from hierbatch.jobs.options.delivery import Delivery, RunDelivery
from hierbatch.jobs.options.project import ChapterChoice
from hierbatch.manifest.runs.run_layout import RunLayout
from hierbatch.models.catalog.model_choice import DeviceChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class BookJob:
    """Run to master, output formats and output folder."""

    run: Path
    out: Path | None = None
    """Local folder of the audiobook; by default `RUN/export/book`, which requires a local run."""
    delivery: Delivery = field(default_factory=RunDelivery)
    """Formats, profiles and tags.

    Tags that are empty here are taken from the details of the book; if the details have no title either, the title is
    taken from the column `book`.
    """
    device: DeviceChoice = field(default_factory=DeviceChoice)
    """Device of the bandwidth extension."""
    source: Path | None = None
    """EPUB that the rows were imported from, whose markup a read-along EPUB keeps; None builds pages from the rows."""
    embedded_cover: bytes | None = None
    """Cover image that is used if neither `delivery` nor the details of the book name one."""
    pauses: PauseRules = field(default_factory=PauseRules)
    allow_missing: bool = False
    """Accept failed and missing rows, each of which is replaced with silence of its expected duration."""
    overwrite: bool = False
    """Replace existing files."""
    chapters: ChapterChoice = field(default_factory=ChapterChoice)
    """Chapters to deliver."""
    details: Path | None = None
    """`book.toml` with the details of the book; None searches for it as `find_details` does."""

    @property
    def kept_chapters(self) -> Path:
        """Folder in the run for mastered chapters."""
        return RunLayout(self.run).mastered / self.chapters.folder_name

    @property
    def encoded_files(self) -> Path:
        """Folder in the run for files that are encoded while the rest of the book is being synthesized."""
        return self.kept_chapters / "encoded"
