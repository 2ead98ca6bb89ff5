"""SRT and WebVTT subtitles from the takes' word timings, offset by each take's position in the chapter or book.

A short sentence becomes one cue with the text as written. A long sentence is split between words, at the times of the
synthesized words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from hierbatch.delivery.takes import BookTake, TimedWord, Transcript
from hierbatch.delivery.timeline import ChapterTimeline

_MAX_COLUMNS = 84
"""Maximum width of a subtitle: two lines of 42 columns, as most guides require; a Hangul syllable takes two columns."""
_MAX_CUE_S = 7.0
_CLAUSE_MARKS = (",", ";", ":", ".", "!", "?", "—", "，", "。")


@dataclass(frozen=True, slots=True)
class Cue:
    """Subtitle with its start and end in seconds from the start of the file."""

    start_s: float
    end_s: float
    text: str
    words: tuple[TimedWord, ...] = ()
    """Words with times from the start of the file; empty if the take has no word timings."""


def chapter_cues(
    timeline: ChapterTimeline, read_script: Callable[[BookTake], Transcript], offset_s: float
) -> Iterator[Cue]:
    """Yield the cues of one chapter.

    Args:
        timeline: positions of the takes.
        read_script: function that reads the text and word times of a take.
        offset_s: start of the chapter in its file, in seconds.
    """
    for placement in timeline.placements:
        start_s = offset_s + placement.start_sample / timeline.rate_hz
        end_s = offset_s + placement.end_sample / timeline.rate_hz
        yield from _take_cues(read_script(placement.take), start_s, end_s)


def srt_text(cues: Sequence[Cue]) -> str:
    """Format cues as a SubRip file."""
    blocks = [
        f"{number}\n{_clock(cue.start_s, ',')} --> {_clock(cue.end_s, ',')}\n{_lines(cue.text)}\n"
        for number, cue in enumerate(cues, start=1)
    ]
    return "\n".join(blocks)


def vtt_text(cues: Sequence[Cue]) -> str:
    """Format cues as a WebVTT file."""
    blocks = [
        f"{_clock(cue.start_s, '.')} --> {_clock(cue.end_s, '.')}\n{_lines(_vtt_escaped(cue.text))}\n" for cue in cues
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def word_vtt_text(cues: Sequence[Cue]) -> str:
    """Format cues as a WebVTT file with a timestamp tag per word (WebVTT, section 4.2.2)."""
    texts = [(cue, _timed_words(cue) or _lines(_vtt_escaped(cue.text))) for cue in cues]
    blocks = [f"{_clock(cue.start_s, '.')} --> {_clock(cue.end_s, '.')}\n{text}\n" for cue, text in texts]
    return "\n".join(["WEBVTT\n", *blocks])


WRITERS = {"srt": srt_text, "vtt": vtt_text, "words": word_vtt_text}
FILE_SUFFIXES = {"srt": "srt", "vtt": "vtt", "words": "words.vtt"}
"""File name suffixes by kind of subtitle."""


def _take_cues(transcript: Transcript, start_s: float, end_s: float) -> Iterator[Cue]:
    words = _as_written(transcript)
    if not words:
        yield Cue(max(0.0, start_s), end_s, transcript.text)
        return
    for group in _groups(words):
        text = transcript.text if len(group) == len(words) else " ".join(word.text for word in group)
        shifted = tuple(TimedWord(word.text, start_s + word.start_s, start_s + word.end_s) for word in group)
        yield Cue(max(0.0, shifted[0].start_s), shifted[-1].end_s, text, shifted)


def _as_written(transcript: Transcript) -> Sequence[TimedWord]:
    """Words as written, with times; words as spoken if the two differ in number, as in a sentence with digits."""
    written = transcript.text.split()
    if len(written) != len(transcript.words):
        return transcript.words
    return [TimedWord(text, word.start_s, word.end_s) for text, word in zip(written, transcript.words, strict=True)]


def _groups(words: Sequence[TimedWord]) -> Iterator[Sequence[TimedWord]]:
    """Split words into groups that fit one cue, after a clause mark if the second half of a group has one."""
    start = 0
    while not _fits(words[start:]):
        end = start + 1
        while _fits(words[start : end + 1]):
            end += 1
        middle = start + (end - start) // 2
        clauses = [i + 1 for i in range(middle, end) if words[i].text.endswith(_CLAUSE_MARKS)]
        cut = clauses[-1] if clauses else end
        yield words[start:cut]
        start = cut
    yield words[start:]


def _fits(words: Sequence[TimedWord]) -> bool:
    if len(words) <= 1:
        return True
    text = " ".join(word.text for word in words)
    return _n_columns(text) <= _MAX_COLUMNS and words[-1].end_s - words[0].start_s <= _MAX_CUE_S


def _n_columns(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _clock(time_s: float, mark: str) -> str:
    milliseconds = round(time_s * 1000)
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{mark}{milliseconds:03d}"


def _timed_words(cue: Cue) -> str:
    """Words of a cue with timestamp tags, which must increase strictly and lie inside the cue."""
    tagged, last_ms = [], round(cue.start_s * 1000)
    for word in cue.words:
        start_ms = round(word.start_s * 1000)
        is_later = last_ms < start_ms < round(cue.end_s * 1000)
        tagged.append(f"<{_clock(word.start_s, '.')}>" * is_later + _vtt_escaped(word.text))
        last_ms = max(last_ms, start_ms)
    return " ".join(tagged)


def _lines(text: str) -> str:
    """Break the text into at most two lines of similar length; an empty line would end the cue."""
    text = " ".join(text.split())
    if _n_columns(text) <= _MAX_COLUMNS // 2:
        return text
    spaces = [i for i, character in enumerate(text) if character == " "]
    if not spaces:
        return text
    middle = min(spaces, key=lambda i: abs(i - len(text) // 2))
    return f"{text[:middle]}\n{text[middle + 1 :]}"


def _vtt_escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
