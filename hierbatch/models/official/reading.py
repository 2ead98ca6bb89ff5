"""How the published chain reads: texts to semantic vectors and pitch, by an imported text-to-vector network.

Always in float32: what is read decides how long everything is and how high.

Legend: B batch, C channels, N symbols with blanks, T frames (50/s).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from hierbatch.errors import SynthesisError, TextError
from hierbatch.frontend.published_english import published_ids, published_spelling, with_blanks
from hierbatch.models.bundle import Bundle
from hierbatch.models.placement import Placement, to_array
from hierbatch.models.speech import SpeechRequest
from hierbatch.models.text_to_vector.model import TextPrior, TextToVector, Vectors, whole_frames
from hierbatch.units import FRAMES_PER_SECOND

_LONGEST_S = 60.0


@dataclass(frozen=True, slots=True)
class ReadText:
    """A row's text, and how long each symbol lasts. Shapes: prior [1, C, N], frames [1, 1, N]; token_of [N]."""

    prior: TextPrior
    frames: Tensor
    token_of: npt.NDArray[np.int64]
    """Which token of the phoneme string a symbol belongs to; -1 for the blank before all."""

    @property
    def n_frames(self) -> int:
        return max(1, int(self.frames.sum()))

    def frames_by_token(self) -> list[int]:
        """Frames before the first token, then those of each."""
        n_tokens = int(self.token_of.max()) + 1
        frames = np.bincount(self.token_of + 1, weights=to_array(self.frames[0, 0]), minlength=n_tokens + 1)
        return [int(n) for n in frames]


class OfficialReader:
    """The text-to-vector network of a bundle, used as its page says."""

    def __init__(self, bundle: Bundle, network: TextToVector, noise_scale: float, placement: Placement) -> None:
        self._bundle, self._network, self._noise_scale, self._placement = bundle, network, noise_scale, placement

    def read(self, request: SpeechRequest, noise: np.random.Generator) -> ReadText:
        """One row's text.

        Raises:
            TextError: a phoneme string cannot be read, or is in another language.
            SynthesisError: far too much would be said.
        """
        if request.language not in self._bundle.languages:
            raise TextError(
                f"Model {self._bundle.name!r} does not speak this language",
                wanted=" or ".join(self._bundle.languages),
                got=repr(request.language),
            )
        spelled = published_spelling(request.phonemes)
        ids = with_blanks(published_ids("".join(spelled)))
        owners = np.repeat(np.arange(len(spelled)), [len(letters) for letters in spelled])
        token_of = np.concatenate([[-1], np.repeat(owners, 2)])
        tokens, lengths = (torch.tensor(numbers, device=self._placement.device) for numbers in ([ids], [len(ids)]))
        style = self._placement.tensor(request.voice.text_style)[None]
        prior = self._network.read(tokens, lengths, style)
        drawn = self._placement.tensor(noise.standard_normal((1, 2, len(ids)), dtype=np.float32))
        log_durations = self._network.durations(prior.hidden, prior.mask, style, drawn)
        text = ReadText(prior, whole_frames(log_durations, prior.mask, 1 / request.speed), token_of)
        if text.n_frames > _LONGEST_S * FRAMES_PER_SECOND:
            raise SynthesisError(
                "The model gave no usable durations",
                wanted=f"at most {_LONGEST_S:.0f} s a sentence",
                got=f"{text.n_frames / FRAMES_PER_SECOND:.2f} s",
                mend="split the text into shorter sentences",
            )
        return text

    def say(
        self, requests: Sequence[SpeechRequest], texts: Sequence[ReadText], noises: Sequence[np.random.Generator]
    ) -> Vectors:
        """What rows that were read become together."""
        longest = max(text.prior.mask.shape[2] for text in texts)
        prior = TextPrior(*(
            torch.cat([_padded(getattr(text.prior, name), longest) for text in texts])
            for name in ("hidden", "mean", "log_scale", "mask")
        ))  # fmt: skip
        frames = torch.cat([_padded(text.frames, longest) for text in texts])
        drawn = draw_noise(noises, self._network.config.channels, [text.n_frames for text in texts])
        style = self._placement.tensor(np.stack([request.voice.text_style for request in requests]))
        return self._network.speak(prior, frames, style, self._noise_scale * self._placement.tensor(drawn))


def draw_noise(
    noises: Sequence[np.random.Generator], channels: int, n_frames: Sequence[int]
) -> npt.NDArray[np.float32]:
    """Each row's own normal noise, zero past its end. Shape: [B, C, T]."""
    drawn = np.zeros((len(noises), channels, max(n_frames)), np.float32)
    for row, (noise, length) in enumerate(zip(noises, n_frames, strict=True)):
        drawn[row, :, :length] = noise.standard_normal((channels, length), dtype=np.float32)
    return drawn


def _padded(values: Tensor, n_symbols: int) -> Tensor:
    """Zeros behind a row's symbols. Shape: [1, C, N] -> [1, C, n_symbols]."""
    return F.pad(values, (0, n_symbols - values.shape[2]))
