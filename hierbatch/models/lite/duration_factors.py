"""Factors for predicted durations, by language and kind of symbol; read from `synthesis` in a bundle's bundle.json.

Predicted durations differ systematically from recorded ones: phones of the packaged model are several percent too
short, and pauses at English commas are mostly too long. The factors bring the means closer to those of recordings.

Legend: B batch, N symbols.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from hierbatch.frontend.symbols import LANGUAGE_IDS, PHONES, SYMBOL_IDS, WORD_BOUNDARY

_KINDS = {"phone_duration": PHONES, "comma_pause": (",",), "word_pause": (WORD_BOUNDARY,)}
_PAUSE_FRAMES = 3.0
"""Word boundaries of at least 60 ms are pauses; shorter ones are transitions and stay unchanged."""


class DurationFactors:
    """Factors from the settings `phone_duration_LANG`, `comma_pause_LANG`, `word_pause_LANG` and `added_pause_LANG`.

    A missing factor is 1. The last one is for commas that the pause predictor has added, instead of `comma_pause_LANG`.
    """

    def __init__(self, synthesis: Mapping[str, float], n_symbols: int) -> None:
        factors = torch.ones(len(LANGUAGE_IDS), n_symbols)
        for language, row in LANGUAGE_IDS.items():
            for kind, symbols in _KINDS.items():
                factors[row, [SYMBOL_IDS[symbol] for symbol in symbols]] = synthesis.get(f"{kind}_{language}", 1.0)
        self._factors = factors
        self._added = torch.tensor([synthesis.get(f"added_pause_{language}", 1.0) for language in LANGUAGE_IDS])

    def __call__(
        self, log_durations: Tensor, symbols: Tensor, language: Tensor, is_added: Tensor | None = None
    ) -> Tensor:
        """Scale durations given as log(1 + frames).

        Args:
            log_durations: predicted durations.
            symbols: symbol ids.
            language: language id of each row.
            is_added: True for commas that the text does not have; None for none.

        Shape:
            log_durations  [B, N]
            symbols        [B, N]  long
            language       [B]     long
            is_added       [B, N]  bool
            returns        [B, N]
        """
        frames = torch.expm1(log_durations).clamp_min(0.0)
        factors = self._factors.to(frames.device)[language[:, None], symbols]
        if is_added is not None:
            factors = torch.where(is_added, self._added.to(frames.device)[language][:, None], factors)
        is_transition = (symbols == SYMBOL_IDS[WORD_BOUNDARY]) & (frames < _PAUSE_FRAMES)
        return torch.log1p(frames * torch.where(is_transition, 1.0, factors))
