"""Features of a Whisper teacher, projected to semantic vectors; the projection is fitted to a sample of the data."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from hierbatch.audio.waveform import Samples
from hierbatch.datasets.rows import DatasetRow, RejectedRow
from hierbatch.errors import InputError, RowError
from hierbatch.training.content_teacher import WhisperEncoder
from hierbatch.training.features import to_training_sound
from hierbatch.training.prepared_settings import TEACHER_FEATURES
from hierbatch.training.semantics import Projection, fit_projection
from hierbatch.training.speech_features import FeatureInfo, Vectors
from hierbatch.training.splits import split_of

_N_UTTERANCES = 240
_MAX_DURATION_S = 20.0


class WhisperFeatures:
    """Projected features of a Whisper encoder in CTranslate2's format."""

    info: FeatureInfo = TEACHER_FEATURES

    def __init__(self, encoder: WhisperEncoder, projection: Projection) -> None:
        self._encoder, self._projection = encoder, projection

    def __call__(self, samples: Samples) -> Vectors:
        return self._projection(self._encoder(torch.from_numpy(samples)).numpy())


def load_whisper_features(teacher: Path, folder: Path, rows: Iterable[DatasetRow | RejectedRow]) -> WhisperFeatures:
    """Load a teacher with the projection of a prepared set; without one, fit a projection and save it there.

    Args:
        teacher: folder of the Whisper model.
        folder: folder of the prepared set, in which a new projection is saved.
        rows: data to which a new projection is fitted; not read if the set has a projection.

    Raises:
        BundleError: the teacher cannot be loaded.
        InputError: no row is usable.
    """
    encoder = WhisperEncoder.load(teacher)
    path = folder / "projection.safetensors"
    if not path.is_file():
        _fit(encoder, rows).save(path)
    return WhisperFeatures(encoder, Projection.load(path))


def _fit(encoder: WhisperEncoder, rows: Iterable[DatasetRow | RejectedRow]) -> Projection:
    """Fit the projection to a fixed random sample: utterances of training speakers with the lowest id hashes."""
    best: list[tuple[int, DatasetRow]] = []
    for row in rows:
        if isinstance(row, DatasetRow) and split_of(row.speaker) == "train" and 0.6 <= row.duration_s < _MAX_DURATION_S:
            best.append((zlib.crc32(row.id.encode()), row))
            if len(best) > 2 * _N_UTTERANCES:
                best = sorted(best, key=lambda item: item[0])[:_N_UTTERANCES]
    features = []
    for _, row in sorted(best, key=lambda item: item[0])[:_N_UTTERANCES]:
        try:
            features.append(encoder(torch.from_numpy(to_training_sound(row.read()).samples)).numpy())
        except RowError:
            continue  # its row is reported when it is prepared
    if not features:
        raise InputError("There is no usable recording", expected="speech of training speakers", fix="correct --data")
    return fit_projection(np.concatenate(features))
