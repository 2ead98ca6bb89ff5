"""Classifier of the phone of each frame from the content teacher's vectors, to label speech without transcripts.

The teacher was trained on far more speakers than the training data here has. A small network learns the phones from the
teacher's vectors of aligned speech, and then labels all speech. The content encoder learns from these labels
(distillation, Hinton et al. 2015; phonetic posteriorgrams for conversion, Sun et al. 2016).

Legend: B batch, T frames (50/s), N frames of all utterances, C semantic channels, P phones (the symbol table).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.frontend.symbols import SYMBOLS
from hierbatch.training.prepared import PreparedSet, PreparedUtterance

_CONTEXT_FRAMES = 3
_WIDTH = 384
_N_STEPS, _BATCH_FRAMES = 2000, 512
_MAX_FRAMES = 600_000
_LEARNING_RATE = 2e-3


class PhoneClassifier(nn.Module):
    """Network that computes the scores of all phones for each frame, from the frame and its neighbors.

    Shape:
        semantic  [B, T, C]
        returns   [B, T, P]  logits
    """

    def __init__(self, semantic_channels: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(semantic_channels * (2 * _CONTEXT_FRAMES + 1), _WIDTH)
        self.output = nn.Linear(_WIDTH, len(SYMBOLS))

    def forward(self, semantic: Tensor) -> Tensor:
        padded = F.pad(semantic.transpose(1, 2), (_CONTEXT_FRAMES, _CONTEXT_FRAMES), mode="replicate")
        windows = padded.unfold(2, 2 * _CONTEXT_FRAMES + 1, 1)  # [B, C, T, context]
        return self.classify(windows.transpose(1, 2).flatten(2))

    def classify(self, windows: Tensor) -> Tensor:
        """Logits of frames from windows of `context` frames around them. Shape: [..., C * context] -> [..., P]."""
        scores: Tensor = self.output(F.gelu(self.hidden(windows)))
        return scores


def train_phone_classifier(
    prepared: PreparedSet, phones: Mapping[str, npt.NDArray[np.int16]], log: Callable[[str], None] = lambda _: None
) -> PhoneClassifier:
    """Fit a classifier to aligned speech of the training speakers, in less than a minute on one thread.

    Args:
        prepared: the prepared set.
        phones: phone id of each frame, by utterance id.
        log: function that receives a line with the accuracy.
    """
    rng = np.random.default_rng(0)
    known = [u for u in prepared.split("train") if u.id in phones]
    classifier = PhoneClassifier(prepared.semantic(known[0]).shape[1])
    windows, labels = _labelled_frames(prepared, phones, known, rng)
    optimizer = torch.optim.AdamW(classifier.parameters(), lr=_LEARNING_RATE)
    accuracy = 0.0
    for step in range(_N_STEPS):
        for group in optimizer.param_groups:
            group["lr"] = _LEARNING_RATE * (1 - step / _N_STEPS)
        rows = torch.from_numpy(rng.integers(0, len(labels), _BATCH_FRAMES))
        scores = classifier.classify(windows[rows])
        loss = F.cross_entropy(scores, labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        accuracy = 0.98 * accuracy + 0.02 * float((scores.argmax(-1) == labels[rows]).float().mean())
    log(f"phone classifier on the teacher's vectors: {accuracy:.0%} of frames correct")
    return classifier.eval().requires_grad_(False)


def _labelled_frames(
    prepared: PreparedSet,
    phones: Mapping[str, npt.NDArray[np.int16]],
    known: list[PreparedUtterance],
    rng: np.random.Generator,
) -> tuple[Tensor, Tensor]:
    """Collect frames with context and their phones from a random set of utterances. Shape: [N, C * context], [N]."""
    rows, labels, n_frames = [], [], 0
    for index in rng.permutation(len(known)):
        utterance = known[index]
        vectors, utterance_phones = prepared.semantic(utterance), phones[utterance.id]
        length = min(len(vectors), len(utterance_phones))
        padded = np.pad(vectors, ((_CONTEXT_FRAMES, _CONTEXT_FRAMES), (0, 0)), mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _CONTEXT_FRAMES + 1, axis=0)
        rows.append(windows[:length].reshape(length, -1).astype(np.float16))
        labels.append(utterance_phones[:length])
        n_frames += length
        if n_frames > _MAX_FRAMES:
            break
    return torch.from_numpy(np.concatenate(rows)).float(), torch.from_numpy(np.concatenate(labels).astype(np.int64))
