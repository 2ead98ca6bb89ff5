"""Audio tracks of media files, extracted and replaced by ffmpeg; video and subtitles are copied without re-encoding."""

from __future__ import annotations

from pathlib import Path

from hierbatch.audio.containers import detect_container, read_head
from hierbatch.audio.decoded_sound import DecodingError
from hierbatch.audio.decoding import open_file
from hierbatch.audio.ffmpeg_decoding import ffmpeg_input
from hierbatch.audio.packets import PacketTimes, read_packet_times
from hierbatch.delivery.dubbing import SYNTHETIC_COMMENT
from hierbatch.delivery.media_info import SoundTrack, find_track, undecodable
from hierbatch.errors import ProgramError, SourceError
from hierbatch.programs import run_program

VIDEO_CODECS = {".mp4": "aac", ".m4v": "aac", ".mov": "aac", ".mkv": "flac", ".webm": "libopus", ".avi": "pcm_s16le"}
"""Audio codec for each container, which preserves the number of samples and is supported by most players."""
AS_MATROSKA = (".ts", ".m2ts", ".mts", ".3gp", ".3g2", ".wmv", ".asf", ".ogv", ".qt", ".divx")
"""Suffixes of films that are delivered as MKV, since their containers do not store the exact length of a track."""

_AAC_BITRATE = "192k"
_MAX_TRACK_S = 2 * 3600.0
_MAX_GAP_S = 900.0
"""Longest gap in seconds that is filled with silence; a longer gap is due to damaged time stamps."""
_EXACT_CONTAINERS = ("wav", "flac", "aiff", "au", "w64")
_CODING_SLACK_S = 0.25
_TIMEOUT_S = 1800.0
_OPUS_LAYOUTS = "aformat=channel_layouts=7.1|6.1|5.1|5.0|quad|3.0|stereo|mono"


def is_film(path: Path) -> bool:
    """True if a file has the suffix of a film."""
    return path.suffix.lower() in (*VIDEO_CODECS, *AS_MATROSKA)


def must_be_extracted(path: Path, track: str) -> bool:
    """True if sound must be extracted before conversion: from a film or media container, or if a track is chosen.

    Raises:
        SourceError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            container = detect_container(read_head(file))
    except OSError as error:
        raise SourceError(f"Cannot read {path.name}", got=error.strerror or str(error), fix="check the path") from error
    return is_film(path) or bool(track) or container in ("mov", "matroska", "avi", "asf", "mpegts")


def extract_sound(media: Path, target: Path, track: str = "") -> None:
    """Extract a file's sound as FLAC with all its channels, in 16 or 24 bits, aligned to the start of the video.

    Args:
        media: the file.
        target: FLAC file to write.
        track: sound track, see `find_track`.

    Raises:
        SourceError: the format is not supported, the file has no such track, is longer than two hours, has damaged time
            stamps, or cannot be decoded.
        StorageError: the disk is full.
    """
    number, found = find_track(media, track)
    _check_times(media, _packet_times(media, number))
    sample_format = ("s32", "-bits_per_raw_sample", "24") if found.is_deep else ("s16",)
    try:
        arguments = [
            *ffmpeg_input(media),
            # Late starts and gaps are filled with silence to keep audio and video in sync.
            *("-map", f"0:a:{number}", "-af", "aresample=async=1:first_pts=0", "-t", f"{_MAX_TRACK_S + 1:g}"),
            *("-c:a", "flac", "-sample_fmt", *sample_format, "-f", "flac", f"file:{target}"),
        ]
        run_program(arguments, timeout_s=_TIMEOUT_S)
    except ProgramError as error:
        raise undecodable(media, error.got or error.what) from error


def replace_sound(video: Path, sound: Path, target: Path, track: str = "") -> None:
    """Write a copy of a video with new sound; picture, subtitles, chapters and metadata are kept.

    Args:
        video: the original file.
        sound: the new audio, as FLAC.
        target: output file; its suffix determines the container.
        track: sound track of the original from which language, title and disposition are copied.

    Raises:
        SourceError: the original cannot be read, or has no such track.
        ProgramError: ffmpeg cannot mux the streams.
        StorageError: the disk is full.
    """
    codec = VIDEO_CODECS[target.suffix.lower()]
    arguments = [
        *ffmpeg_input(video),
        *("-f", "flac", "-i", f"file:{sound}", "-map", "0:v?", "-map", "1:a", "-map", "0:s?"),
        *(("-map", "0:t?") if target.suffix.lower() == ".mkv" else ()),
        *("-map_metadata", "0", "-map_chapters", "0", "-c", "copy", "-c:a", codec),
        *(("-b:a", _AAC_BITRATE, "-movflags", "+faststart") if codec == "aac" else ()),
        *(("-af", _OPUS_LAYOUTS, *_opus_mapping(sound)) if codec == "libopus" else ()),
        *_track_options(find_track(video, track)[1]),
        *("-metadata", f"comment={SYNTHETIC_COMMENT}", f"file:{target}"),
    ]
    run_program(arguments, timeout_s=_TIMEOUT_S)


def count_samples(path: Path) -> int:
    """Count the samples per channel that a player decodes from a file's first audio stream."""
    with open_file(path, use_ffmpeg=True) as sound:
        return sum(len(block) for block in sound.blocks)


def expected_samples(media: Path, track: str, rate_hz: int, n_decoded: int) -> int:
    """Number of samples per channel according to the packets of a media file, independently of any decoder.

    Args:
        media: the file.
        track: sound track, see `find_track`.
        rate_hz: sampling rate to count at.
        n_decoded: number of samples that were decoded. This number is returned if the packets agree with it within a
            tolerance, since lossy codecs add delay and padding.

    Raises:
        SourceError: the file cannot be read, or has no such track.
    """
    number = find_track(media, track)[0] if track else 0
    counted = round(_packet_times(media, number).end_s * rate_hz)
    with media.open("rb") as file:
        slack_s = 0.0 if detect_container(read_head(file)) in _EXACT_CONTAINERS else _CODING_SLACK_S
    return n_decoded if abs(counted - n_decoded) <= slack_s * rate_hz else counted


def _packet_times(media: Path, number: int) -> PacketTimes:
    try:
        return read_packet_times(media, number)
    except (DecodingError, OSError) as error:
        raise undecodable(media, str(error)) from error


def _check_times(media: Path, times: PacketTimes) -> None:
    if times.longest_gap_s > _MAX_GAP_S or times.end_s > _MAX_TRACK_S:
        raise SourceError(
            f"The sound of {media.name} is too long, or has damaged time stamps",
            expected=f"at most {_MAX_TRACK_S / 3600:g} h, without a gap over {_MAX_GAP_S / 60:g} min",
            got=f"an end at {times.end_s:.0f} s and a gap of {times.longest_gap_s:.0f} s",
            fix="cut the file, or write it again with a video editor",
        )


def _track_options(track: SoundTrack) -> list[str]:
    tags = {"language": track.language, "title": track.title}
    options = [part for name, value in tags.items() if value for part in ("-metadata:s:a:0", f"{name}={value}")]
    return [*options, "-disposition:a:0", "+".join(track.dispositions) or "0"]


def _opus_mapping(sound: Path) -> tuple[str, ...]:
    with open_file(sound) as decoded:
        return ("-mapping_family", "1") if decoded.n_channels > 2 else ()
