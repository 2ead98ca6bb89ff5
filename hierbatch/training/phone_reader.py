"""Which phone a frame of speech belongs to, read from the content teacher's vectors: labels for speech without texts.

The teacher has heard far more people than there are here. Where an alignment says which phones were said, a small
network learns to read them off its vectors; it then reads them everywhere, and the content encoder learns from that
(distillation, Hinton et al. 2015; phonetic posteriorgrams for conversion, Sun et al. 2016).

Legend: B batch, T frames (50/s), C semantic channels, P phones (the symbol table).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.frontend.symbols import SYMBOLS
from hierbatch.training.prepared import PreparedSet, Utterance

_CONTEXT_FRAMES = 3
_WIDTH = 384
_N_STEPS, _BATCH_FRAMES = 2000, 512
_MOST_FRAMES = 600_000


class PhoneReader(nn.Module):
    """Phone scores of each frame from it and its neighbours.

    Shape:
        semantic  [B, T, C]
        returns   [B, T, P]  logits
    """

    def __init__(self, semantic_channels: int) -> None:
        super().__init__()
        self.widen = nn.Linear(semantic_channels * (2 * _CONTEXT_FRAMES + 1), _WIDTH)
        self.leave = nn.Linear(_WIDTH, len(SYMBOLS))

    def forward(self, semantic: Tensor) -> Tensor:
        padded = F.pad(semantic.transpose(1, 2), (_CONTEXT_FRAMES, _CONTEXT_FRAMES), mode="replicate")
        around = padded.unfold(2, 2 * _CONTEXT_FRAMES + 1, 1)  # [B, C, T, context]
        scores: Tensor = self.leave(F.gelu(self.widen(around.transpose(1, 2).flatten(2))))
        return scores


def learn_to_read(
    prepared: PreparedSet, phones: Mapping[str, npt.NDArray[np.int16]], tell: Callable[[str], None] = lambda _: None
) -> PhoneReader:
    """A reader fitted to the training speakers whose phones are known, on one thread in under a minute."""
    rng = np.random.default_rng(0)
    known = [u for u in prepared.split("train") if u.id in phones]
    reader = PhoneReader(prepared.semantic(known[0]).shape[1])
    context, wanted = _frames_of(prepared, phones, known, rng)
    optimizer = torch.optim.AdamW(reader.parameters(), lr=2e-3)
    right = 0.0
    for step in range(_N_STEPS):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * (1 - step / _N_STEPS)
        chosen = torch.from_numpy(rng.integers(0, len(wanted), _BATCH_FRAMES))
        scores = reader.leave(F.gelu(reader.widen(context[chosen])))
        loss = F.cross_entropy(scores, wanted[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        right = 0.98 * right + 0.02 * float((scores.argmax(-1) == wanted[chosen]).float().mean())
    tell(f"phones are read off the teacher's vectors, {right:.0%} of frames right")
    return reader.eval().requires_grad_(False)


def _frames_of(
    prepared: PreparedSet, phones: Mapping[str, npt.NDArray[np.int16]], known: list[Utterance], rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Frames with their neighbours, and their phones, of utterances drawn at random. Shape: [N, C context], [N]."""
    rows, labels, n_frames = [], [], 0
    for index in rng.permutation(len(known)):
        utterance = known[index]
        vectors, said = prepared.semantic(utterance), phones[utterance.id]
        length = min(len(vectors), len(said))
        padded = np.pad(vectors, ((_CONTEXT_FRAMES, _CONTEXT_FRAMES), (0, 0)), mode="edge")
        around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _CONTEXT_FRAMES + 1, axis=0)
        rows.append(around[:length].reshape(length, -1).astype(np.float16))
        labels.append(said[:length])
        n_frames += length
        if n_frames > _MOST_FRAMES:
            break
    return torch.from_numpy(np.concatenate(rows)).float(), torch.from_numpy(np.concatenate(labels).astype(np.int64))
