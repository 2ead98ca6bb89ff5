"""Durations of a whole prepared set: align each language, mark the pauses unpunctuated transcripts do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from hierbatch.frontend.phonemes import encode, split_words
from hierbatch.frontend.symbols import WORD_BOUNDARY
from hierbatch.training.alignment import Frames, Spoken, align
from hierbatch.training.prepared import PreparedSet, Utterance, write_alignments
from hierbatch.units import FRAME_HOP_SAMPLES

_PAUSE_FRAMES = 7
_FEWEST_FRAMES_A_PHONE, _MOST_FRAMES_A_PHONE = 1.6, 14.0
_LOUDNESS_WEIGHT = 1.5


def align_prepared(folder: Path, tell: Callable[[str], None]) -> None:
    """Write `alignment.parquet` for every utterance whose transcript fits its length.

    Raises:
        InputError: nothing is prepared in the folder.
    """
    prepared = PreparedSet(folder)
    rows: list[tuple[str, str, Frames]] = []
    for language in sorted({utterance.language for utterance in prepared.utterances}):
        fitting = [u for u in prepared.utterances if u.language == language and _fits(u)]
        if not fitting:
            continue
        spoken = [_spoken(prepared, utterance) for utterance in fitting]
        channel = spoken[0].vectors.shape[1] - 1
        for utterance, frames in zip(fitting, align(spoken, channel), strict=True):
            rows.append((utterance.id, mark_pauses(utterance.phonemes, frames), frames))
        tell(f"aligned {len(fitting)} utterances of {language}")
    write_alignments(folder, rows)


def _fits(utterance: Utterance) -> bool:
    """Whether a transcript can belong to a recording of this length."""
    n_phones = sum(len(word) for word, _ in split_words(utterance.phonemes))
    return _FEWEST_FRAMES_A_PHONE * n_phones <= utterance.n_frames <= _MOST_FRAMES_A_PHONE * max(1, n_phones)


def _spoken(prepared: PreparedSet, utterance: Utterance) -> Spoken:
    audio = prepared.audio(utterance).reshape(-1, FRAME_HOP_SAMPLES)
    loudness = np.log(np.sqrt((audio**2).mean(1)) + 1e-4)
    loudness = (loudness - loudness.mean()) / (loudness.std() + 1e-3) * _LOUDNESS_WEIGHT
    vectors = np.concatenate([prepared.semantic(utterance), loudness[:, None]], axis=1).astype(np.float32)
    return Spoken(vectors, encode(utterance.phonemes, utterance.language).symbols)


def mark_pauses(phonemes: str, frames: Frames) -> str:
    """Write a comma where a reader paused and the transcript, having no marks at all inside, does not say so.

    Shape:
        frames  START's frames first, then one value for each token
    """
    tokens = phonemes.split()
    if "," in tokens:
        return phonemes
    paused = [
        "," if token == WORD_BOUNDARY and n_frames >= _PAUSE_FRAMES else token
        for token, n_frames in zip(tokens, frames[1:], strict=True)
    ]
    return " ".join(paused)
