"""Plan of an audiobook: its tags, its cover, and the editions to master."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from hierbatch.delivery.chapters import edge_silence_s
from hierbatch.delivery.edition import Edition
from hierbatch.delivery.encode import AudioFormat, find_format
from hierbatch.delivery.profiles import find_profile
from hierbatch.delivery.tags import BookTags, Cover, read_cover
from hierbatch.delivery.takes import BookTake, BookTakes, ChapterTakes
from hierbatch.delivery.timeline import EdgeSilence, plan_chapters
from hierbatch.errors import InputError
from hierbatch.frontend.books.language_tags import language_of_tag
from hierbatch.jobs.books.book_details import find_details, read_details
from hierbatch.jobs.books.book_job import BookJob
from hierbatch.models.catalog.model_info import DEFAULT_UPSAMPLER, read_upsampler_info
from hierbatch.models.upsampling.full_band import full_band_resampler

_ACX_COVER_PIXELS = 2400


@dataclass(frozen=True, slots=True, kw_only=True)
class BookPlan:
    """Tags, cover and editions of an audiobook."""

    tags: BookTags
    cover: Cover | None
    editions: tuple[Edition, ...]


def plan_book(
    job: BookJob,
    takes: BookTakes,
    chapters: Sequence[ChapterTakes] | None = None,
    edge_silence: EdgeSilence | None = None,
) -> BookPlan:
    """Plan the files of an audiobook.

    Args:
        job: formats, profiles and tags.
        takes: takes of the run.
        chapters: takes of each chapter; None for those in `takes`.
        edge_silence: function that returns the leading and trailing silence of a take in seconds; None measures the
            audio.

    Raises:
        InputError: the cover or the details of the book cannot be read.
    """
    details, details_cover = read_details(job.details) if job.details else find_details(job.run)
    cover = _read_cover(job) or details_cover or (Cover(job.embedded_cover) if job.embedded_cover else None)
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
    chapters = takes.chapters if chapters is None else chapters
    editions = tuple(_editions(job, chapters, edge_silence or take_edge_silence(takes), tags, cover))
    return BookPlan(tags=tags, cover=cover, editions=editions)


def take_edge_silence(takes: BookTakes) -> EdgeSilence:
    """Create a function that measures the leading and trailing silence of a take in seconds, once for each take."""

    @cache  # both ends of every chapter are needed once per edition
    def edge_silence(take: BookTake) -> tuple[float, float]:
        return edge_silence_s(next(takes.stored_sounds([take])))

    return edge_silence


def cover_notices(job: BookJob, cover: Cover | None) -> tuple[str, ...]:
    """Message about a cover that ACX would refuse, if a format has the profile `acx`; otherwise empty."""
    profiles = {job.delivery.default_profile, *job.delivery.profile_by_format.values()}
    size = cover.size if cover else None
    if "acx" not in profiles or size is None or (size[0] == size[1] and size[0] >= _ACX_COVER_PIXELS):
        return ()
    wanted = f"{_ACX_COVER_PIXELS} x {_ACX_COVER_PIXELS}"
    return (f"The cover has {size[0]} x {size[1]} pixels; ACX wants a square of at least {wanted}",)


def _read_cover(job: BookJob) -> Cover | None:
    cover = job.delivery.cover
    if cover is None:
        return None
    try:
        return read_cover(cover)
    except OSError as error:
        raise InputError(
            f"Cannot read the cover {cover}", got=error.strerror or str(error), fix="correct --cover"
        ) from error


def _editions(
    job: BookJob, chapters: Sequence[ChapterTakes], edge_silence: EdgeSilence, tags: BookTags, cover: Cover | None
) -> Iterator[Edition]:
    """Yield an edition for each profile and sample rate of the formats, so that each edition is mastered once."""
    groups: dict[tuple[str, int], list[AudioFormat]] = {}
    for name in dict.fromkeys(job.delivery.formats):
        audio_format = find_format(name)
        profile = find_profile(job.delivery.profile_by_format.get(name, job.delivery.default_profile))
        groups.setdefault((profile.name, audio_format.rate_hz or profile.rate_hz), []).append(audio_format)
    to_rate = full_band_resampler(DEFAULT_UPSAMPLER if job.delivery.full_band else None, job.device.placement)
    for (profile_name, rate_hz), audio_formats in groups.items():
        profile = find_profile(profile_name)
        yield Edition(
            profile=profile,
            rate_hz=rate_hz,
            formats=tuple(audio_formats),
            subtitles=job.delivery.subtitles,
            timelines=plan_chapters(
                chapters, profile, rate_hz, job.pauses, edge_silence, keep_numbers=bool(job.chapters.chapters)
            ),
            tags=tags,
            cover=cover,
            to_rate=to_rate,
            resampler=_resampler_name(job),
        )


def _resampler_name(job: BookJob) -> str:
    """Fingerprint and device of the bandwidth extension; empty if no bandwidth extension is used."""
    if not job.delivery.full_band:
        return ""
    return f"{read_upsampler_info(DEFAULT_UPSAMPLER).fingerprint} {job.device.placement}"
