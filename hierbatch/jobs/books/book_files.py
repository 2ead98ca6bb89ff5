"""Delivered files of an audiobook: their names, their checks, the read-along EPUB and the sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hierbatch.delivery.edition import Edition, EditionFile, edition_files, publication_name
from hierbatch.delivery.edition_making import encode_again, make_edition
from hierbatch.delivery.encoded_files import EncodedFiles, encoded_hash
from hierbatch.delivery.mastered_chapters import MasteredChapters
from hierbatch.delivery.peak_limit import keep_peaks_below_limit
from hierbatch.delivery.readalong import Readalong, write_readalong
from hierbatch.delivery.report import FileReport, check_file
from hierbatch.delivery.sample import SAMPLE_NAME, sample_edition
from hierbatch.delivery.sidecars import sidecar_texts
from hierbatch.delivery.takes import BookTakes
from hierbatch.errors import InputError
from hierbatch.jobs.books.book_job import BookJob
from hierbatch.jobs.books.book_plan import take_edge_silence
from hierbatch.storage import replace_file, storage_error


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A finished audio file, and the report of its check against a delivery profile."""

    path: Path
    format: str
    duration_s: float
    n_chapters: int
    report: FileReport
    is_sample: bool = False
    """True for the retail sample, which repeats a part of the book."""


def edition_names(edition: Edition, job: BookJob) -> Iterator[Path]:
    """Yield the paths of the delivered files of an edition, relative to the output folder."""
    files = edition_files(edition)
    if any(file.kind.is_packed for file in files):
        yield publication_name(edition)
    for file in (file for file in files if not file.kind.is_packed):
        yield file.name
        yield from (file.sidecar(suffix) for suffix in edition.subtitles)
    yield from (name for name, _ in sidecar_texts(edition, job.delivery.sidecars))


def check_not_existing(out: Path, editions: Sequence[Edition], job: BookJob) -> None:
    """Check that no file of the book exists yet in the folder `out`, unless `job.overwrite` is set.

    Raises:
        InputError: a file exists.
    """
    if job.overwrite:
        return
    for edition in editions:
        for name in edition_names(edition, job):
            if (out / name).exists():
                raise InputError(f"{out / name} already exists", fix="pass --overwrite, or choose another --out folder")


@dataclass(frozen=True, slots=True)
class BookFolder:
    """Temporary folder of a book that is being made, and the folder to which it is delivered."""

    folder: Path
    out: Path
    takes: BookTakes
    encoded: EncodedFiles | None = None
    """Store of files that were encoded, and in most cases checked, earlier; None without a store."""
    kept: MasteredChapters | None = None
    """Store of mastered chapters; None without a store."""

    def check(self, edition: Edition, file: EditionFile) -> CheckedFile:
        """Check a file against the profile of its edition, or read the report of an earlier check.

        A file whose peaks exceed the limit is encoded again with a lower gain.
        """
        report = None
        if self.encoded and not file.kind.is_whole_book:
            report = self.encoded.report(encoded_hash(edition, file))
        return self._checked(file, report or self._limited(edition, file, self.folder, self.kept))

    def _limited(self, edition: Edition, file: EditionFile, folder: Path, kept: MasteredChapters | None) -> FileReport:
        return keep_peaks_below_limit(
            lambda: check_file(folder / file.name, edition.profile, is_ours=True),
            lambda gain_db: encode_again(edition, file, self.takes, folder, gain_db, kept),
        )

    def packed(self, edition: Edition, checked: Sequence[CheckedFile], source: Path | None) -> Iterator[CheckedFile]:
        """Yield the checked files; the chapter files of a read-along EPUB are packed into one file.

        Args:
            edition: edition of the files.
            checked: results of `check` for all files of the edition, in order.
            source: EPUB file whose markup the read-along EPUB keeps; None builds the pages from the rows.
        """
        files = edition_files(edition)
        yield from (made for file, made in zip(files, checked, strict=True) if not file.kind.is_packed)
        packed = [(file, made) for file, made in zip(files, checked, strict=True) if file.kind.is_packed]
        if not packed:
            return
        name = publication_name(edition)
        sounds = [self.folder / file.name for file, _ in packed]
        readalong = Readalong(edition.timelines, sounds, edition.tags, edition.cover, source)
        write_readalong(readalong, self.takes, self.folder / name)
        rows = tuple(
            replace(row, rule=f"{number:02d} {row.rule}")
            for number, (_, made) in enumerate(packed, start=1)
            for row in made.report.rows
        )
        report = replace(packed[0][1].report, path=self.out / name, rows=rows)
        duration_s = sum(file.duration_s for file, _ in packed)
        yield CheckedFile(self.out / name, "readalong", duration_s, len(packed), report)

    def make_sample(self, job: BookJob, edition: Edition) -> CheckedFile:
        """Make and check the retail sample, with the profile and the tags of `edition`."""
        folder = self.folder / "sample"
        sample = sample_edition(self.takes.chapters, edition, job.pauses, take_edge_silence(self.takes))
        make_edition(sample, self.takes, folder, lambda _: None)
        [file] = edition_files(sample)
        report = self._limited(sample, file, folder, None)
        (folder / file.name).rename(self.folder / SAMPLE_NAME)
        return replace(self._checked(replace(file, name=Path(SAMPLE_NAME)), report), is_sample=True)

    def deliver(self, names: Sequence[Path]) -> None:
        """Move files from the temporary folder to the output folder; `names` are their relative paths.

        Raises:
            StorageError: the disk is full, read-only or gone.
        """
        for name in names:
            path = self.out / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise storage_error(error, path) from error
            replace_file(self.folder / name, path)

    def _checked(self, file: EditionFile, report: FileReport) -> CheckedFile:
        report = replace(report, path=self.out / file.name)
        return CheckedFile(self.out / file.name, file.kind.name, file.duration_s, len(file.chapters), report)
