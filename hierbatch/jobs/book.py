"""Master the takes of a run as an audiobook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from hierbatch.delivery.chapters import edge_silence_s
from hierbatch.delivery.edition import Edition, EditionFile, edition_files, make_edition, publication_name
from hierbatch.delivery.encode import AudioFormat, find_format
from hierbatch.delivery.pauses import PauseRules
from hierbatch.delivery.profiles import Profile, find_profile
from hierbatch.delivery.readalong import Readalong, write_readalong
from hierbatch.delivery.report import FileReport, check_file
from hierbatch.delivery.source_publication import check_source
from hierbatch.delivery.tags import BookTags, Cover
from hierbatch.delivery.takes import BookTake, BookTakes
from hierbatch.delivery.threads import n_cores, thread_pool
from hierbatch.delivery.timeline import ChapterTimeline, plan_chapters
from hierbatch.errors import InputError, RunError
from hierbatch.jobs.options.delivery import Delivery, RunDelivery
from hierbatch.models.catalog.model_choice import DeviceChoice
from hierbatch.models.catalog.model_info import DEFAULT_UPSAMPLER
from hierbatch.models.upsampling.full_band import full_band_resampler
from hierbatch.object_path import is_remote
from hierbatch.storage import replace_file, staging_folder, storage_error

_MAX_SHOWN_IDS = 5

OnChapter = Callable[[str, ChapterTimeline, int], None]
"""Called after each chapter with the profile name, the chapter and the number of chapters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookJob:
    """Run to master, output formats and output folder."""

    run: Path
    out: Path | None = None
    """Local folder of the audiobook; None takes `RUN/export/book`, which requires a local run."""
    delivery: Delivery = field(default_factory=RunDelivery)
    """Formats, profiles and tags; an empty title takes the column `book` of the run."""
    device: DeviceChoice = field(default_factory=DeviceChoice)
    """Device of the bandwidth extension."""
    source: Path | None = None
    """EPUB the rows were imported from, whose markup a readalong keeps; None builds the pages from the rows."""
    embedded_cover: bytes | None = None
    """Cover image where `delivery` names none."""
    pauses: PauseRules = field(default_factory=PauseRules)
    allow_missing: bool = False
    """Accept failed and missing rows: each one leaves a silence of its expected duration."""
    overwrite: bool = False
    """Replace existing files."""


@dataclass(frozen=True, slots=True)
class BookFile:
    """A finished audio file and its report against the profile."""

    path: Path
    format: str
    duration_s: float
    n_chapters: int
    report: FileReport


@dataclass(frozen=True, slots=True, kw_only=True)
class BookResult:
    """Files of an audiobook. `missing` holds the ids of rows without audio."""

    files: tuple[BookFile, ...]
    subtitles: tuple[Path, ...]
    missing: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """True if every file conforms to its profile."""
        return all(file.report.passed for file in self.files)


def make_book(job: BookJob, on_chapter: OnChapter | None = None) -> BookResult:
    """Write and check all files in a temporary folder, then move them into place together.

    Raises:
        InputError: an option is invalid, or a file exists and `overwrite` is not set.
        BookError: the source of a readalong is not the EPUB 3 that the rows were imported from.
        RunError: the run is not of a book, or rows are missing and `allow_missing` is not set.
        ProgramError: the encoder failed.
        StorageError: the disk is full.
    """
    _check_options(job)
    cover = _read_cover(job)
    takes = BookTakes(job.run)
    missing = _missing(takes, job)
    if job.source is not None:
        check_source(job.source, takes)
    tags = BookTags(
        title=job.delivery.title or takes.title or job.run.name,
        author=job.delivery.author,
        narrator=job.delivery.narrator,
        language=takes.language,
    )
    editions = list(_editions(job, takes, tags, cover))
    out = job.out or job.run / "export" / "book"
    _check_not_existing(out, editions, job.overwrite)
    with staging_folder(out) as folder:
        with thread_pool(n_cores()) as pool:
            checked: list[list[Future[BookFile]]] = []
            for edition in editions:
                make_edition(edition, takes, folder, _chapter_callback(edition, on_chapter))
                # A long file of one edition is checked while the next edition is made.
                checked.append(
                    [pool.submit(_check, file, edition.profile, folder, out) for file in edition_files(edition)]
                )
            made = [
                file
                for edition, futures in zip(editions, checked, strict=True)
                for file in _packed(edition, [future.result() for future in futures], takes, job, folder, out)
            ]
        names = [name for edition in editions for name in _names(edition)]
        for name in names:
            _move_into_place(folder / name, out / name)
    subtitles = tuple(out / name for name in names if name.suffix in (".srt", ".vtt"))
    return BookResult(files=tuple(made), subtitles=subtitles, missing=missing)


def _check_options(job: BookJob) -> None:
    if is_remote(job.out or job.run):
        raise InputError(
            "An audiobook needs an output folder on this machine",
            got=str(job.out or job.run),
            fix="name a local folder with --out",
        )
    delivery = job.delivery
    if not delivery.formats:
        raise InputError(
            "No format is selected", expected="m4b, mp3, flac or opus", fix="name at least one format with --to"
        )
    for name in {*delivery.formats, *delivery.profile_by_format}:
        find_format(name)
    for name in {delivery.default_profile, *delivery.profile_by_format.values()}:
        find_profile(name)


def _read_cover(job: BookJob) -> Cover | None:
    cover = job.delivery.cover
    if cover is None:
        return Cover(job.embedded_cover) if job.embedded_cover else None
    try:
        return Cover(cover.read_bytes())
    except OSError as error:
        raise InputError(
            f"Cannot read the cover {cover}", got=error.strerror or str(error), fix="correct --cover"
        ) from error


def _missing(takes: BookTakes, job: BookJob) -> tuple[str, ...]:
    missing = tuple(take.id for chapter in takes.chapters for take in chapter.takes if not take.is_spoken)
    n_rows = sum(len(chapter.takes) for chapter in takes.chapters)
    if len(missing) == n_rows:
        raise RunError(
            f"Nothing in {job.run} was spoken",
            expected="at least one take",
            fix="run `hierbatch retry`, or correct the manifest",
        )
    if missing and not job.allow_missing:
        shown = ", ".join(missing[:_MAX_SHOWN_IDS]) + (", ..." if len(missing) > _MAX_SHOWN_IDS else "")
        raise RunError(
            "The book has gaps",
            expected="a take of every row",
            got=f"{len(missing)} of {n_rows} rows failed or are missing: {shown}",
            fix=f"run `hierbatch retry {job.run}`, or pass --allow-missing to leave silence there",
        )
    return missing


def _editions(job: BookJob, takes: BookTakes, tags: BookTags, cover: Cover | None) -> Iterator[Edition]:
    """Group formats by profile and sample rate: each group is mastered once."""
    groups: dict[tuple[str, int], list[AudioFormat]] = {}
    for name in dict.fromkeys(job.delivery.formats):
        audio_format = find_format(name)
        profile = find_profile(job.delivery.profile_by_format.get(name, job.delivery.default_profile))
        groups.setdefault((profile.name, audio_format.rate_hz or profile.rate_hz), []).append(audio_format)

    @cache  # both ends of every chapter are needed once per edition
    def edge_silence(take: BookTake) -> tuple[float, float]:
        return edge_silence_s(next(takes.sounds([take])))

    to_rate = full_band_resampler(DEFAULT_UPSAMPLER if job.delivery.full_band else None, job.device.placement)
    for (profile_name, rate_hz), audio_formats in groups.items():
        profile = find_profile(profile_name)
        yield Edition(
            profile=profile,
            rate_hz=rate_hz,
            formats=tuple(audio_formats),
            subtitles=job.delivery.subtitles,
            timelines=plan_chapters(takes.chapters, profile, rate_hz, job.pauses, edge_silence),
            tags=tags,
            cover=cover,
            to_rate=to_rate,
        )


def _names(edition: Edition) -> Iterator[Path]:
    files = edition_files(edition)
    if any(file.kind.is_packed for file in files):
        yield publication_name(edition)
    for file in (file for file in files if not file.kind.is_packed):
        yield file.name
        yield from (file.sidecar(suffix) for suffix in edition.subtitles)


def _check_not_existing(out: Path, editions: Sequence[Edition], overwrite: bool) -> None:
    if overwrite:
        return
    for edition in editions:
        for name in _names(edition):
            if (out / name).exists():
                raise InputError(f"{out / name} already exists", fix="pass --overwrite, or choose another --out folder")


def _chapter_callback(edition: Edition, on_chapter: OnChapter | None) -> Callable[[ChapterTimeline], None]:
    def report(chapter: ChapterTimeline) -> None:
        if on_chapter is not None:
            on_chapter(edition.profile.name, chapter, len(edition.timelines))

    return report


def _packed(
    edition: Edition, checked: Sequence[BookFile], takes: BookTakes, job: BookJob, folder: Path, out: Path
) -> Iterator[BookFile]:
    """Yield the checked files; the chapters of a readalong are packed into its publication."""
    files = edition_files(edition)
    yield from (made for file, made in zip(files, checked, strict=True) if not file.kind.is_packed)
    packed = [(file, made) for file, made in zip(files, checked, strict=True) if file.kind.is_packed]
    if not packed:
        return
    name = publication_name(edition)
    sounds = [folder / file.name for file, _ in packed]
    write_readalong(Readalong(edition.timelines, sounds, edition.tags, edition.cover, job.source), takes, folder / name)
    rows = tuple(
        replace(row, rule=f"{number:02d} {row.rule}")
        for number, (_, made) in enumerate(packed, start=1)
        for row in made.report.rows
    )
    report = replace(packed[0][1].report, path=out / name, rows=rows)
    duration_s = sum(file.duration_s for file, _ in packed)
    yield BookFile(out / name, "readalong", duration_s, len(packed), report)


def _check(file: EditionFile, profile: Profile, folder: Path, out: Path) -> BookFile:
    report = replace(check_file(folder / file.name, profile), path=out / file.name)
    return BookFile(out / file.name, file.kind.name, file.duration_s, len(file.chapters), report)


def _move_into_place(temporary: Path, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, path) from error
    replace_file(temporary, path)
