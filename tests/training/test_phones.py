"""Phones of frames: stretched with the sound, unknown where no alignment says, and left out of the loss there."""

import numpy as np
import torch

from hierbatch.training.phones import UNKNOWN, phone_loss, segment_phone_labels
from hierbatch.training.prepared import PreparedUtterance
from hierbatch.training.sampling import UtteranceSegment


def _piece(name: str, start: int, n_frames: int) -> UtteranceSegment:
    whole = PreparedUtterance(id=name, speaker="s", language="en", phonemes="", n_frames=10, first_frame=0, shard=0)
    return UtteranceSegment(whole, start, n_frames)


def test_labels_follow_the_piece_and_its_stretch() -> None:
    phones = {"known": np.arange(10, dtype=np.int16)}
    segments = [_piece("known", 2, 4), _piece("known", 2, 4), _piece("unknown", 0, 4)]
    labels = segment_phone_labels(phones, segments, np.array([4, 8, 4]), 8)
    assert labels[0].tolist() == [2, 3, 4, 5] + [UNKNOWN] * 4
    assert labels[1].tolist() == [2, 2, 3, 3, 4, 4, 5, 5]
    assert labels[2].tolist() == [UNKNOWN] * 8


def test_unknown_frames_count_for_nothing() -> None:
    scores = torch.randn(2, 5, 7, requires_grad=True)
    labels = torch.tensor([[1, 2, UNKNOWN, UNKNOWN, UNKNOWN], [UNKNOWN] * 5])
    phone_loss(scores, labels).backward()
    assert scores.grad is not None
    assert scores.grad[0, :2].any()
    assert not scores.grad[0, 2:].any()
    assert not scores.grad[1].any()
    assert float(phone_loss(scores.detach(), torch.full((2, 5), UNKNOWN))) == 0.0
