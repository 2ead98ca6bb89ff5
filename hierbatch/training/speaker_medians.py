"""Median F0 of the speakers of a prepared set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hierbatch.training.prepared import PreparedSet, PreparedUtterance

_DEFAULT_F0_HZ = 150.0


def speaker_medians_hz(prepared: PreparedSet, utterances: Sequence[PreparedUtterance]) -> dict[str, float]:
    """Median F0 of voiced frames in Hz, by speaker; a default for a speaker without voiced frames."""
    tracks: dict[str, list[np.ndarray]] = {}
    for utterance in utterances:
        tracks.setdefault(utterance.speaker, []).append(prepared.f0_hz(utterance))
    medians_hz = {}
    for speaker, speaker_tracks in tracks.items():
        f0_hz = np.concatenate(speaker_tracks)
        voiced_hz = f0_hz[f0_hz > 0]
        medians_hz[speaker] = float(np.median(voiced_hz)) if len(voiced_hz) else _DEFAULT_F0_HZ
    return medians_hz
