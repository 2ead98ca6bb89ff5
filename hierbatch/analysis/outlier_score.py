"""Outlier score of takes: one number to sort by, so that the most suspicious takes are checked first."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

_FLAG_SCORE = 10.0
"""Score of one flag, and also the largest score of one measure."""
_MAX_LOG_RATIO = np.log(1.5)
_MIN_SIMILARITY = 0.6
_MIN_SNR_DB = 15.0


def outlier_score(
    values: Mapping[str, Values], n_flags: npt.NDArray[np.int64], usual_ratio: Values | float = 1.0
) -> Values:
    """Outlier score of each of N takes, 0 for an inconspicuous take; missing columns and values add nothing.

    Each flag adds 10. A duration ratio above 1.5 times the usual ratio, or below 2/3 of the usual ratio, adds the
    natural logarithm of the factor by which it is outside; a speaker similarity below 0.6 adds the difference; an SNR
    below 15 dB adds a tenth of the difference in dB. Each measure adds at most 10.

    Args:
        values: measures of the takes by column name, each [N].
        n_flags: number of flags of each take, [N].
        usual_ratio: median duration ratio of takes with the same language and voice, [N] or one value for all takes. It
            is not 1 if a model is consistently faster or slower than the human speech that the expected durations were
            fitted to.
    """
    total = _FLAG_SCORE * n_flags.astype(np.float64)
    if "duration_ratio" in values:
        with np.errstate(divide="ignore", invalid="ignore"):
            total += _bounded(np.abs(np.log(values["duration_ratio"] / usual_ratio)) - _MAX_LOG_RATIO)
    if "speaker_similarity" in values:
        total += _bounded(_MIN_SIMILARITY - values["speaker_similarity"])
    if "snr_db" in values:
        total += _bounded((_MIN_SNR_DB - values["snr_db"]) / 10)
    return total


def _bounded(excess: Values) -> Values:
    """Clip an excess to the range 0 to 10; unknown (NaN) values become 0."""
    return np.clip(np.nan_to_num(excess, nan=0.0, posinf=_FLAG_SCORE), 0.0, _FLAG_SCORE)
