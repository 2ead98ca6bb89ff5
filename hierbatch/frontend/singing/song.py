"""Score to song: notes on the frame grid, phrases between breaths, and the syllables of each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from hierbatch.constants import FRAMES_PER_SECOND
from hierbatch.errors import TextError
from hierbatch.frontend.language import detect_language
from hierbatch.frontend.phonemes import join_words
from hierbatch.frontend.scores.score import MAX_NOTE_S, MusicScore
from hierbatch.frontend.singing.lyrics import LyricWord, WordPart, group_words, is_stressed, phonemize_words
from hierbatch.frontend.singing.phrases import Song, SungNote, SungPhrase, SungSyllable, split_at_breaths
from hierbatch.frontend.singing.syllables import Syllable
from hierbatch.frontend.speech_text import SpeechFrontEnd

_BREATH_FRAMES = 13
"""Shortest rest that ends a phrase."""
_LONG_PHRASE_FRAMES = 15 * FRAMES_PER_SECOND
_LEAD_FRAMES = 15
"""Room before the first note of a phrase, for its consonants."""
_TAIL_FRAMES = 10
_PHRASE_END = ","
"""Mark at the end of a phrase: a last vowel before a comma can be held; before a full stop it is low and creaky."""
_SHORT_SYLLABLE_FRAMES = 10
"""Longest time of an unstressed syllable that shares a note with a stressed one."""


def song_from_score(score: MusicScore, front_end: SpeechFrontEnd, language: str = "auto") -> Song:
    """Prepare a score for a singing model.

    Args:
        score: melody with lyrics.
        front_end: front end of the lyrics' language.
        language: code of the lyrics' language; `auto` detects it.

    Raises:
        TextError: there are no lyrics, the lyrics cannot be phonemized, or a syllable is too long.
    """
    words = group_words(score.notes)
    if language == "auto":
        language = detect_language(" ".join(word.text for word in words), "en")
    notes = _on_grid(score)
    starts, ends = [note.onset_frame for note in notes], [note.end_frame for note in notes]
    spans = split_at_breaths(
        starts,
        ends,
        (word.first_note for word in words),
        rest_frames=_BREATH_FRAMES,
        longest_frames=_LONG_PHRASE_FRAMES,
    )
    phrases: list[SungPhrase] = []
    first_notes = [word.first_note for word in words]
    free_from = 0
    for number, span in enumerate(spans):
        inside = words[bisect_left(first_notes, span.start) : bisect_left(first_notes, span.stop)]
        if not inside:
            continue
        first = max(free_from, starts[span[0]] - _LEAD_FRAMES)
        limit = (
            starts[spans[number + 1][0]] if number + 1 < len(spans) else ends[span[-1]] + _TAIL_FRAMES + _LEAD_FRAMES
        )
        # A rest belongs to the next phrase's consonants first.
        last = max(ends[span[-1]], min(ends[span[-1]] + _TAIL_FRAMES, limit - _LEAD_FRAMES))
        phrases.append(_phrase(inside, notes, span, front_end, language, (first, last)))
        free_from = last
    return Song(tuple(phrases), max(phrase.start_frame + phrase.n_frames for phrase in phrases))


def _on_grid(score: MusicScore) -> list[SungNote]:
    """Notes in whole frames, each of at least one; rounding errors do not add up."""
    notes: list[SungNote] = []
    free_from = 0
    for note in score.notes:
        onset = max(free_from, round(note.onset_s * FRAMES_PER_SECOND))
        free_from = max(onset + 1, round(note.end_s * FRAMES_PER_SECOND))
        notes.append(SungNote(onset, free_from, note.pitch))
    return notes


def _phrase(
    words: Sequence[LyricWord],
    notes: Sequence[SungNote],
    span: range,
    front_end: SpeechFrontEnd,
    language: str,
    frames: tuple[int, int],
) -> SungPhrase:
    """Create a phrase from its words and notes.

    Args:
        words: words of the phrase.
        notes: all notes of the song.
        span: indices of the notes of the phrase.
        front_end: front end of the language.
        language: language code.
        frames: first frame of the phrase, and the frame after its last one.
    """
    start, end = frames
    spoken = phonemize_words(words, front_end, language)
    syllables = [
        timed
        for word in spoken
        for word_part in word.parts
        for timed in _timed(word_part.syllables, _span(word_part, notes), start)
    ]
    phones = [
        tuple(phone for word_part in word.parts for syllable in word_part.syllables for phone in syllable.phones)
        for word in spoken
    ]
    return SungPhrase(
        text=" ".join(word.spoken for word in spoken),
        phonemes=join_words(phones, ["|"] * (len(phones) - 1) + [_PHRASE_END]),
        language=language,
        start_frame=start,
        n_frames=end - start,
        syllables=tuple(syllables),
        notes=tuple(
            SungNote(note.onset_frame - start, note.end_frame - start, note.pitch)
            for note in notes[span.start : span.stop]
        ),
    )


def _span(word_part: WordPart, notes: Sequence[SungNote]) -> tuple[int, int]:
    first, last = notes[word_part.notes[0]].onset_frame, notes[word_part.notes[-1]].end_frame
    if last - first > MAX_NOTE_S * FRAMES_PER_SECOND:
        raise TextError(
            "A syllable of the song is too long",
            expected=f"at most {MAX_NOTE_S:.0f} s",
            got=f"{(last - first) / FRAMES_PER_SECOND:.0f} s on {word_part.text!r}",
            fix="add the missing lyrics, or rests",
        )
    return first, last


def _timed(syllables: Sequence[Syllable], span: tuple[int, int], start: int) -> list[SungSyllable]:
    """Divide the time of a note among the syllables on it: unstressed ones are short, the others share the rest."""
    first, last = span
    n_frames = last - first
    equal = n_frames / len(syllables)
    long = [is_stressed(syllable) for syllable in syllables]
    if not any(long):
        long = [True] * len(syllables)
    short_frames = min(equal, _SHORT_SYLLABLE_FRAMES)
    long_frames = (n_frames - short_frames * long.count(False)) / long.count(True)
    timed: list[SungSyllable] = []
    at = float(first)
    for syllable, is_long in zip(syllables, long, strict=True):
        following = at + (long_frames if is_long else short_frames)
        timed.append(SungSyllable(len(syllable.onset), len(syllable.coda), round(at) - start, round(following) - start))
        at = following
    return timed
