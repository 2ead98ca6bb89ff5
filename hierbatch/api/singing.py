"""Singing in the Python API: synthesis of a score with an encoded voice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hierbatch.api.sound import Sound, Word
from hierbatch.api.voice import Voice
from hierbatch.constants import FRAMES_PER_SECOND
from hierbatch.errors import InputError, TextError
from hierbatch.frontend.scores.reading import read_score
from hierbatch.frontend.scores.score import MusicScore
from hierbatch.frontend.singing.contour import SingingStyle
from hierbatch.frontend.singing.song import song_from_score
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.models.singing import SingingModel, Transposition, render_song
from hierbatch.object_path import local_path
from hierbatch.stages.timings import word_timings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SungSound(Sound):
    """Sound of a song; word times are relative to the start of the score."""

    semitones: float = 0.0
    """Transposition relative to the score, in semitones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SongOptions:
    """Language, lyrics, transposition, ornaments and seed of one song."""

    language: str
    lyrics: str
    transposition: Transposition
    style: SingingStyle
    seed: int


def sing_score(
    model: SingingModel, front_end: SpeechFrontEnd, score: MusicScore | str | Path, voice: Voice, options: SongOptions
) -> SungSound:
    """Synthesize one score as singing.

    Args:
        model: singing model.
        front_end: front end that converts the lyrics to phonemes.
        score: a score, or the path of one.
        voice: encoded voice.
        options: language, lyrics, transposition, ornaments and seed.

    Raises:
        InputError: the score cannot be read, or its lyrics cannot be phonemized.
        SynthesisError: notes are outside the range of the model.
    """
    try:
        read = score if isinstance(score, MusicScore) else read_score(local_path(score))
        if options.lyrics:
            read = read.with_lyrics(options.lyrics)
        song = song_from_score(read, front_end, options.language)
    except TextError as error:  # there is one row, and it is the whole job
        raise InputError(error.what, expected=error.expected, got=error.got, fix=error.fix) from error
    rendered = render_song(
        model, song, voice.encoded, seed=options.seed, transposition=options.transposition, style=options.style
    )
    words = [
        Word(
            timing.text,
            phrase.start_frame / FRAMES_PER_SECOND + timing.start_s,
            phrase.start_frame / FRAMES_PER_SECOND + timing.end_s,
        )
        for phrase, aligned in zip(song.phrases, rendered.phrases, strict=True)
        for timing in word_timings(phrase.text, phrase.phonemes, aligned.token_frames, aligned.lead_frames)
        if timing.kind == "word"
    ]
    waveform = rendered.waveform
    return SungSound(
        samples=waveform.samples, rate_hz=waveform.rate_hz, words=tuple(words), semitones=rendered.semitones
    )
