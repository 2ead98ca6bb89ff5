"""Phoneme durations of a whole prepared set: alignment by language, and commas at pauses without punctuation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from hierbatch.constants import FRAME_HOP_SAMPLES
from hierbatch.frontend.phonemes import encode, split_words
from hierbatch.frontend.symbols import WORD_BOUNDARY
from hierbatch.training.alignment import Durations, UnalignedUtterance, align
from hierbatch.training.prepared import PreparedSet, PreparedUtterance, write_alignments

_PAUSE_FRAMES = 7
_MIN_FRAMES_PER_PHONE, _MAX_FRAMES_PER_PHONE = 1.6, 14.0
_LOUDNESS_WEIGHT = 1.5


def align_prepared(folder: Path, log: Callable[[str], None]) -> None:
    """Align every utterance whose transcript has a plausible length, and write `alignment.parquet`.

    Args:
        folder: folder of the prepared set.
        log: function that receives a line for each language.

    Raises:
        InputError: the folder holds no prepared speech.
    """
    prepared = PreparedSet(folder)
    rows: list[tuple[str, str, Durations]] = []
    for language in sorted({utterance.language for utterance in prepared.utterances}):
        plausible = [u for u in prepared.utterances if u.language == language and _is_plausible(u)]
        if not plausible:
            continue
        inputs = [_alignment_input(prepared, utterance) for utterance in plausible]
        loudness_channel = inputs[0].vectors.shape[1] - 1
        for utterance, durations in zip(plausible, align(inputs, loudness_channel), strict=True):
            rows.append((utterance.id, mark_pauses(utterance.phonemes, durations), durations))
        log(f"aligned {len(plausible)} utterances of {language}")
    write_alignments(folder, rows)


def _is_plausible(utterance: PreparedUtterance) -> bool:
    """True if the transcript's number of phones fits the length of the recording."""
    n_phones = sum(len(word) for word, _ in split_words(utterance.phonemes))
    return _MIN_FRAMES_PER_PHONE * n_phones <= utterance.n_frames <= _MAX_FRAMES_PER_PHONE * max(1, n_phones)


def _alignment_input(prepared: PreparedSet, utterance: PreparedUtterance) -> UnalignedUtterance:
    """Create the input of alignment: semantic vectors with the normalized log loudness as last channel, and symbols."""
    audio = prepared.audio(utterance).reshape(-1, FRAME_HOP_SAMPLES)
    loudness = np.log(np.sqrt((audio**2).mean(1)) + 1e-4)
    loudness = (loudness - loudness.mean()) / (loudness.std() + 1e-3) * _LOUDNESS_WEIGHT
    vectors = np.concatenate([prepared.semantic(utterance), loudness[:, None]], axis=1).astype(np.float32)
    return UnalignedUtterance(vectors, encode(utterance.phonemes, utterance.language).symbols)


def mark_pauses(phonemes: str, frames: Durations) -> str:
    """Replace word boundaries at pauses with commas, unless the phonemes already contain commas.

    Args:
        phonemes: phoneme string.
        frames: duration of START, then of each token, in frames.
    """
    tokens = phonemes.split()
    if "," in tokens:
        return phonemes
    paused = [
        "," if token == WORD_BOUNDARY and n_frames >= _PAUSE_FRAMES else token
        for token, n_frames in zip(tokens, frames[1:], strict=True)
    ]
    return " ".join(paused)
