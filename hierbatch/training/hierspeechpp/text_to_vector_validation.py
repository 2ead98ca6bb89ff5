"""Validation of a text-to-vector network on held-out rows: losses, recognized symbols, durations, pitch, pauses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from rapidfuzz.distance import Levenshtein
from torch import Tensor

from hierbatch.models.hierspeechpp.text_to_vector.model import TextToVector, ceil_durations
from hierbatch.models.hierspeechpp.text_to_vector.training import (
    SEMANTIC_WEIGHT,
    compute_losses,
    slice_log_f0,
    training_pass,
)
from hierbatch.training.hierspeechpp.figures import mean_figures
from hierbatch.training.hierspeechpp.text_to_vector_batches import TextToVectorBatch

_LONG_PAUSE_FRAMES = 40
_MAX_VALIDATION_FRAMES = 3000


def validate_text_to_vector(network: TextToVector, rows: Sequence[TextToVectorBatch]) -> dict[str, float]:
    """Mean metrics over batches of one row each.

    Args:
        network: network in evaluation mode.
        rows: held-out rows.
    """
    return mean_figures([_row_figures(network, row) for row in rows])


def greedy_symbols(logits: Tensor) -> list[int]:
    """Most likely symbol of each frame, without repetitions and blanks. Shape: logits [n_symbols, T]."""
    best = logits.argmax(0).tolist()
    return [symbol for i, symbol in enumerate(best) if symbol and (i == 0 or symbol != best[i - 1])]


def _row_figures(network: TextToVector, row: TextToVectorBatch) -> dict[str, float]:
    inputs = row.inputs
    found = training_pass(
        network,
        inputs,
        latent_noise=row.latent_noise,
        duration_noise=row.duration_noise,
        prosody_noise=row.prosody_noise,
    )
    losses = compute_losses(found, inputs)
    wanted = inputs.symbols[0].tolist()
    frames = _predicted_frames(network, row)
    n_frames = float(frames.sum())
    return {
        "semantic": SEMANTIC_WEIGHT * float(losses.semantic),
        "divergence": float(losses.divergence),
        "durations": float(losses.durations),
        "symbols": float(losses.symbols),
        "symbol error": Levenshtein.distance(greedy_symbols(found.symbol_logits[0]), wanted) / len(wanted),
        "length error": abs(float(np.log(max(1.0, n_frames) / int(inputs.n_frames)))),
        "pitch correlation": _correlation(found.log_f0[0, 0], slice_log_f0(inputs)[0, 0]),
        **({} if found.prosody is None else {"prosody": float(found.prosody.total)}),
        "long pauses": float(bool((frames[0, 0, 1:-1] > _LONG_PAUSE_FRAMES).any())),
    }


def _predicted_frames(network: TextToVector, row: TextToVectorBatch) -> Tensor:
    """Duration of each symbol in frames, predicted from the text. Shape: [1, 1, N]."""
    inputs = row.inputs
    style = network.style(inputs.mel, inputs.n_frames)
    text_style = network.text_style(style, inputs.languages)
    prior = network.encode_text(inputs.tokens, inputs.n_tokens, text_style)
    log_durations = network.durations(prior.hidden, prior.mask, text_style, row.duration_noise)
    return ceil_durations(log_durations.clamp_max(np.log(_MAX_VALIDATION_FRAMES)), prior.mask, 1.0)


def _correlation(predicted: Tensor, real: Tensor) -> float:
    """Correlation of two pitch contours where `real` is voiced; NaN with fewer than three voiced values.

    Shape: predicted, real [4 T].
    """
    is_voiced = real > 0
    if int(is_voiced.sum()) < 3:
        return float("nan")
    pair = torch.stack([predicted[is_voiced].float(), real[is_voiced].float()])
    return float(torch.corrcoef(pair)[0, 1])
