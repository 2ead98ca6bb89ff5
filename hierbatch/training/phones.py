"""Which phone a frame belongs to, where an alignment knows it, and the loss of reading it wrongly.

Legend: B batch, T frames (50/s).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from hierbatch.frontend.phonemes import encode
from hierbatch.training.alignment import silence_as_one
from hierbatch.training.prepared import PreparedSet, has_alignments, read_alignments
from hierbatch.training.sampling import Lengths, Piece

UNKNOWN = -100
"""The label of a frame nobody knows the phone of; cross entropy leaves it out."""


def phones_of_frames(prepared: PreparedSet) -> dict[str, npt.NDArray[np.int16]]:
    """Which symbol each frame of an utterance belongs to, separators all as silence; nothing where none is aligned."""
    if not has_alignments(prepared.folder):
        return {}
    languages = {utterance.id: utterance.language for utterance in prepared.utterances}
    found = {}
    for name, (phonemes, frames) in read_alignments(prepared.folder).items():
        if name in languages:
            symbols = encode(phonemes, languages[name]).symbols
            found[name] = np.repeat(np.array(silence_as_one(symbols), np.int16), frames)
    return found


def labels_of_pieces(
    phones: Mapping[str, npt.NDArray[np.int16]], pieces: Sequence[Piece], lengths: Lengths, longest: int
) -> Tensor:
    """Phones of pieces, each stretched to its own length; `UNKNOWN` elsewhere. Shape: [B, longest]."""
    labels = np.full((len(pieces), longest), UNKNOWN, np.int64)
    for row, piece, length in zip(labels, pieces, lengths, strict=True):
        known = phones.get(piece.utterance.id)
        if known is not None:
            place = ((np.arange(length) + 0.5) * piece.n_frames / length).astype(np.int64)
            row[:length] = known[np.minimum(piece.start + place, len(known) - 1)]
    return torch.from_numpy(labels)


def phone_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy over frames whose phone is known. Shape: [B, T, symbols], [B, T] -> []."""
    if (labels == UNKNOWN).all():
        return 0.0 * scores.sum()
    return F.cross_entropy(scores.flatten(0, 1), labels.flatten(), ignore_index=UNKNOWN, label_smoothing=0.05)
