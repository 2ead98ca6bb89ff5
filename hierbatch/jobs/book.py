"""Master the takes of a run as an audiobook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from hierbatch.delivery.chapters import edge_silence_s
from hierbatch.delivery.content_credentials import check_can_sign
from hierbatch.delivery.edition import Edition, EditionFile, edition_files, make_edition, publication_name
from hierbatch.delivery.encode import AudioFormat, find_format
from hierbatch.delivery.itunes_tags import can_write_itunes_fields, has_itunes_fields
from hierbatch.delivery.mastered_chapters import MasteredChapters
from hierbatch.delivery.pauses import PauseRules
from hierbatch.delivery.profiles import Profile, find_profile
from hierbatch.delivery.readalong import Readalong, write_readalong
from hierbatch.delivery.report import FileReport, check_file
from hierbatch.delivery.sample import SAMPLE_NAME, sample_edition
from hierbatch.delivery.sealing import seal_files
from hierbatch.delivery.sidecars import sidecar_texts
from hierbatch.delivery.source_publication import check_source
from hierbatch.delivery.tags import BookTags, Cover
from hierbatch.delivery.takes import BookTake, BookTakes
from hierbatch.delivery.threads import n_cores, thread_pool
from hierbatch.delivery.timeline import ChapterTimeline, EdgeSilence, plan_chapters
from hierbatch.errors import InputError, RunError
from hierbatch.frontend.books.language_tags import language_of_tag
from hierbatch.jobs.book_details import find_details, read_details
from hierbatch.jobs.options.delivery import Delivery, RunDelivery
from hierbatch.jobs.options.project import ChapterChoice
from hierbatch.jobs.options.provenance import open_watermarker
from hierbatch.manifest.run_layout import RunLayout
from hierbatch.models.catalog.model_choice import DeviceChoice
from hierbatch.models.catalog.model_info import DEFAULT_UPSAMPLER, read_upsampler_info
from hierbatch.models.upsampling.full_band import full_band_resampler
from hierbatch.object_path import is_remote
from hierbatch.storage import replace_file, staging_folder, storage_error

_MAX_SHOWN_IDS = 5
_ACX_COVER_PIXELS = 2400

OnChapter = Callable[[str, ChapterTimeline, int], None]
"""Called after each chapter with the profile name, the chapter and the number of chapters."""


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
    notices: tuple[str, ...] = ()
    """Messages on the cover and on tags that could not be written."""

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
    credentials = job.delivery.credentials
    if credentials:
        check_can_sign([f"book.{name}" for name in job.delivery.formats], credentials)
    details, details_cover = read_details(job.details) if job.details else find_details(job.run)
    cover = _read_cover(job) or details_cover or (Cover(job.embedded_cover) if job.embedded_cover else None)
    watermarker = open_watermarker(job.delivery)
    takes = BookTakes(job.run, job.chapters.selection, watermarker.mark if watermarker else None)
    missing = _missing(takes, job)
    if job.source is not None:
        check_source(job.source, takes)
    tags = BookTags(
        title=job.delivery.title or details.title or takes.title or job.run.name,
        author=job.delivery.author or details.author,
        narrator=job.delivery.narrator or details.narrator,
        language=language_of_tag(details.language) or takes.language,
        series=details.series,
        number=details.number,
        year=details.year,
        publisher=details.publisher,
        isbn=details.isbn,
        description=details.description,
    )
    editions = list(_editions(job, takes, tags, cover))
    out = job.out or job.run / "export" / job.chapters.folder_name
    _check_not_existing(out, editions, job)
    kept = None if is_remote(job.run) else MasteredChapters(_mastered_folder(job))
    with staging_folder(out) as folder:
        with thread_pool(n_cores()) as pool:
            checked: list[list[Future[BookFile]]] = []
            for edition in editions:
                make_edition(edition, takes, folder, _chapter_callback(edition, on_chapter), kept)
                for name, text in sidecar_texts(edition, job.delivery.sidecars):
                    (folder / name).write_text(text, encoding="utf-8")
                # A long file of one edition is checked while the next edition is made.
                checked.append(
                    [pool.submit(_check, file, edition.profile, folder, out) for file in edition_files(edition)]
                )
            made = [
                file
                for edition, futures in zip(editions, checked, strict=True)
                for file in _packed(edition, [future.result() for future in futures], takes, job, folder, out)
            ]
        names = list(dict.fromkeys(name for edition in editions for name in _names(edition, job)))
        if job.delivery.sample:
            made.append(_make_sample(job, takes, editions[0], folder, out))
            names.append(Path(SAMPLE_NAME))
        seal_files([folder / file.path.relative_to(out) for file in made], watermarker, credentials, tags.title)
        for name in names:
            _move_into_place(folder / name, out / name)
    if kept:
        kept.remove_unused()
    subtitles = tuple(out / name for name in names if name.suffix in (".srt", ".vtt", ".cue", ".json"))
    notices = _cover_notices(job, cover)
    if has_itunes_fields(tags) and "m4b" in job.delivery.formats and not can_write_itunes_fields():
        notices = (*notices, "Series, publisher and ISBN need hierbatch[tags] to be written into the M4B")
    return BookResult(files=tuple(made), subtitles=subtitles, missing=missing, notices=notices)


def _mastered_folder(job: BookJob) -> Path:
    """Folder of the mastered chapters; those with a watermark are other files."""
    suffix = "-watermarked" if job.delivery.watermark else ""
    return RunLayout(job.run).mastered / f"{job.chapters.folder_name}{suffix}"


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
        return None
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

    edge_silence = _edge_silence(takes)
    to_rate = full_band_resampler(DEFAULT_UPSAMPLER if job.delivery.full_band else None, job.device.placement)
    for (profile_name, rate_hz), audio_formats in groups.items():
        profile = find_profile(profile_name)
        yield Edition(
            profile=profile,
            rate_hz=rate_hz,
            formats=tuple(audio_formats),
            subtitles=job.delivery.subtitles,
            timelines=plan_chapters(
                takes.chapters,
                profile,
                rate_hz,
                job.pauses,
                edge_silence,
                keep_numbers=bool(job.chapters.chapters),
            ),
            tags=tags,
            cover=cover,
            to_rate=to_rate,
            resampler=_resampler_name(job),
        )


def _edge_silence(takes: BookTakes) -> EdgeSilence:
    @cache  # both ends of every chapter are needed once per edition
    def edge_silence(take: BookTake) -> tuple[float, float]:
        return edge_silence_s(next(takes.stored_sounds([take])))

    return edge_silence


def _make_sample(job: BookJob, takes: BookTakes, edition: Edition, folder: Path, out: Path) -> BookFile:
    """Make and check the sample; `edition` gives its tags."""
    sample = sample_edition(takes.chapters, edition, job.pauses, _edge_silence(takes))
    make_edition(sample, takes, folder / "sample", lambda _: None)
    [file] = edition_files(sample)
    (folder / "sample" / file.name).rename(folder / SAMPLE_NAME)
    return _check(replace(file, name=Path(SAMPLE_NAME)), sample.profile, folder, out)


def _cover_notices(job: BookJob, cover: Cover | None) -> tuple[str, ...]:
    """Message on a cover that ACX would refuse, if a file has that profile."""
    profiles = {job.delivery.default_profile, *job.delivery.profile_by_format.values()}
    size = cover.size if cover else None
    if "acx" not in profiles or size is None or (size[0] == size[1] and size[0] >= _ACX_COVER_PIXELS):
        return ()
    wanted = f"{_ACX_COVER_PIXELS} x {_ACX_COVER_PIXELS}"
    return (f"The cover has {size[0]} x {size[1]} pixels; ACX wants a square of at least {wanted}",)


def _resampler_name(job: BookJob) -> str:
    """Name of the bandwidth extension with its weights and its arithmetic; empty without one."""
    if not job.delivery.full_band:
        return ""
    return f"{read_upsampler_info(DEFAULT_UPSAMPLER).fingerprint} {job.device.placement}"


def _names(edition: Edition, job: BookJob) -> Iterator[Path]:
    files = edition_files(edition)
    if any(file.kind.is_packed for file in files):
        yield publication_name(edition)
    for file in (file for file in files if not file.kind.is_packed):
        yield file.name
        yield from (file.sidecar(suffix) for suffix in edition.subtitles)
    yield from (name for name, _ in sidecar_texts(edition, job.delivery.sidecars))


def _check_not_existing(out: Path, editions: Sequence[Edition], job: BookJob) -> None:
    if job.overwrite:
        return
    for edition in editions:
        for name in _names(edition, job):
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
