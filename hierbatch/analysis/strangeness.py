"""How much a take looks wrong, as one number to sort by: what a listener should hear first."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

_FLAG = 10.0
"""A flag outweighs any measure."""
_RATIO_FROM = np.log(1.5)
_SIMILARITY_UNDER = 0.6
_SNR_UNDER_DB = 15.0


def strangeness(values: Mapping[str, Values], n_flags: npt.NDArray[np.int64]) -> Values:
    """0 for a take that looks right; columns that are absent, and measures that are empty, say nothing.

    Ten a flag; then how far the length is beyond one and a half times (or two thirds of) the expected one, in nepers;
    then what the similarity lacks to 0.6; then what the SNR lacks to 15 dB, in tens of dB.
    """
    total = _FLAG * n_flags.astype(np.float64)
    if "duration_ratio" in values:
        with np.errstate(divide="ignore", invalid="ignore"):
            total += _known(np.abs(np.log(values["duration_ratio"])) - _RATIO_FROM)
    if "speaker_similarity" in values:
        total += _known(_SIMILARITY_UNDER - values["speaker_similarity"])
    if "snr_db" in values:
        total += _known((_SNR_UNDER_DB - values["snr_db"]) / 10)
    return total


def _known(excess: Values) -> Values:
    return np.clip(np.nan_to_num(excess, nan=0.0, posinf=_FLAG), 0.0, _FLAG)
