"""Phone labels of frames from the alignment, and the phone classification loss.

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
from hierbatch.training.alignment import merge_silence
from hierbatch.training.prepared import PreparedSet, has_alignments, read_alignments
from hierbatch.training.sampling import Lengths, UtteranceSegment

UNKNOWN = -100
"""Label of frames whose phone is not known; the loss ignores these frames."""


def frame_phones(prepared: PreparedSet) -> dict[str, npt.NDArray[np.int16]]:
    """Phone id of each frame, by utterance id; separators have the id of silence. Empty if the set is not aligned."""
    if not has_alignments(prepared.folder):
        return {}
    languages = {utterance.id: utterance.language for utterance in prepared.utterances}
    phones = {}
    for utterance_id, (phonemes, durations) in read_alignments(prepared.folder).items():
        if utterance_id in languages:
            symbols = encode(phonemes, languages[utterance_id]).symbols
            phones[utterance_id] = np.repeat(np.array(merge_silence(symbols), np.int16), durations)
    return phones


def segment_phone_labels(
    phones: Mapping[str, npt.NDArray[np.int16]], segments: Sequence[UtteranceSegment], lengths: Lengths, longest: int
) -> Tensor:
    """Phone labels of segments, stretched to the given lengths.

    Args:
        phones: phone id of each frame, by utterance id.
        segments: segments of a batch.
        lengths: number of frames in each row after speed augmentation, [B].
        longest: number of frames in the padded batch.

    Returns:
        Labels, [B, longest]; `UNKNOWN` on padding and where there is no alignment.
    """
    labels = np.full((len(segments), longest), UNKNOWN, np.int64)
    for row, segment, length in zip(labels, segments, lengths, strict=True):
        known = phones.get(segment.utterance.id)
        if known is not None:
            offsets = ((np.arange(length) + 0.5) * segment.n_frames / length).astype(np.int64)
            row[:length] = known[np.minimum(segment.start + offsets, len(known) - 1)]
    return torch.from_numpy(labels)


def phone_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy over frames whose phone is known. Shape: scores [B, T, n_symbols], labels [B, T] -> []."""
    if (labels == UNKNOWN).all():
        return 0.0 * scores.sum()
    return F.cross_entropy(scores.flatten(0, 1), labels.flatten(), ignore_index=UNKNOWN, label_smoothing=0.05)
