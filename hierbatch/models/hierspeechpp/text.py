"""Text stage of the HierSpeech++ pipeline: texts to semantic vectors and pitch with the text-to-vector network.

The network always runs in float32, since a lower precision could change the durations, which are rounded up.
Legend: B batch, C channels, N symbols with blanks, K words, D values of a word, T frames (50/s), S style.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from hierbatch.constants import FRAMES_PER_SECOND
from hierbatch.errors import SynthesisError, TextError
from hierbatch.models.device_placement import DevicePlacement, to_array
from hierbatch.models.hierspeechpp.text_to_vector.model import (
    TextPrior,
    TextToVector,
    TextToVectorOutput,
    ceil_durations,
)
from hierbatch.models.hierspeechpp.text_to_vector.word_prosody import (
    encode_words,
    replace_contours,
    scale_word_durations,
)
from hierbatch.models.hierspeechpp.vocabulary import symbol_ids_with_blanks, vocabulary_of, words_with_blanks
from hierbatch.models.prosody.network import ProsodyNoise
from hierbatch.models.speech import SpeechRequest
from hierbatch.models.weights.bundle import Bundle

_MAX_SENTENCE_S = 60.0
_PROSODY_TEMPERATURE = 0.7


@dataclass(frozen=True, slots=True)
class EncodedText:
    """Encoded text of a row, with the duration of each symbol.

    Shapes: prior [1, C, N], frames [1, 1, N], token_of [N].
    """

    prior: TextPrior
    frames: Tensor
    token_of: npt.NDArray[np.int64]
    """Index of the phoneme token that each symbol belongs to; -1 for the leading blank."""
    words: npt.NDArray[np.int64] | None = None
    """Index of each symbol's word, [N]; None without sampled prosody."""
    values: Tensor | None = None
    """Sampled prosody values of the words, [K, D]; None without sampled prosody."""

    @property
    def n_frames(self) -> int:
        """Total number of frames, at least one."""
        return max(1, int(self.frames.sum()))

    def frames_by_token(self) -> list[int]:
        """Number of frames before the first token, then of each token."""
        n_tokens = int(self.token_of.max()) + 1
        frames = np.bincount(self.token_of + 1, weights=to_array(self.frames[0, 0]), minlength=n_tokens + 1)
        return [int(n) for n in frames]


class TextStage:
    """Text stage with the text-to-vector network and the settings of a bundle."""

    def __init__(self, bundle: Bundle, network: TextToVector, noise_scale: float, placement: DevicePlacement) -> None:
        """Create the stage from a network and the settings of its bundle.

        Args:
            bundle: bundle with the name, languages and vocabulary.
            network: network on its device.
            noise_scale: standard deviation of the latent noise.
            placement: device and precision.
        """
        self._bundle, self._network, self._noise_scale, self._placement = bundle, network, noise_scale, placement
        self._temperature = bundle.synthesis.get("prosody_temperature", _PROSODY_TEMPERATURE)
        self._vocabulary = vocabulary_of(bundle.config.get("vocabulary"))

    def encode(self, request: SpeechRequest, noise: np.random.Generator) -> EncodedText:
        """Encode the text of one row and predict its durations.

        Raises:
            TextError: the phoneme string has unknown symbols, or the model does not support its language.
            SynthesisError: the predicted duration is far too long.
        """
        if request.language not in self._bundle.languages:
            raise TextError(
                f"Model {self._bundle.name!r} does not support this language",
                expected=" or ".join(self._bundle.languages),
                got=repr(request.language),
            )
        spelled = self._vocabulary.spell(request.phonemes)
        ids = symbol_ids_with_blanks(self._vocabulary.ids(spelled))
        owners = np.repeat(np.arange(len(spelled)), [len(letters) for letters in spelled])
        token_of = np.concatenate([[-1], np.repeat(owners, 2)])
        tokens, lengths = (torch.tensor(numbers, device=self._placement.device) for numbers in ([ids], [len(ids)]))
        style = self._text_style(request)
        prior = self._network.encode_text(tokens, lengths, style)
        latent_noise = self._placement.tensor(noise.standard_normal((1, 2, len(ids)), dtype=np.float32))
        log_durations = self._network.durations(prior.hidden, prior.mask, style, latent_noise)
        words = values = None
        if self._network.prosody is not None and self._temperature:
            words = words_with_blanks(self._vocabulary.ids(spelled), self._vocabulary.silent_ids)
            values = self._sample_prosody(prior, words, style, self._temperature * request.prosody, noise)
            log_durations = scale_word_durations(log_durations, words, values)
        frames = ceil_durations(log_durations, prior.mask, 1 / request.speed)
        text = EncodedText(prior, frames, token_of, words, values)
        if text.n_frames > _MAX_SENTENCE_S * FRAMES_PER_SECOND:
            raise SynthesisError(
                "The model predicted unusable durations",
                expected=f"at most {_MAX_SENTENCE_S:.0f} s per sentence",
                got=f"{text.n_frames / FRAMES_PER_SECOND:.2f} s",
                fix="split the text into shorter sentences",
            )
        return text

    def _sample_prosody(
        self,
        prior: TextPrior,
        words: npt.NDArray[np.int64],
        style: Tensor,
        temperature: float,
        noise: np.random.Generator,
    ) -> Tensor:
        """Sample the prosody values of each word in a row. Shape: words [N], style [1, S] -> [K, D]."""
        assert self._network.prosody is not None
        batch = encode_words(prior, torch.from_numpy(words)[None].to(style.device), style)
        sampled = ProsodyNoise.sample(
            self._network.prosody.config, [noise], batch.text.shape[1], temperatures=[temperature], device=style.device
        )
        values: Tensor = self._network.prosody(batch, sampled)
        return values[0, : int(batch.lengths[0])]

    def _text_style(self, request: SpeechRequest) -> Tensor:
        """Style for the text encoder: the voice's, plus the language's embedding if there is one. Shape: [1, S]."""
        language = torch.tensor([self._bundle.languages.index(request.language)], device=self._placement.device)
        return self._network.text_style(self._placement.tensor(request.voice.text_style)[None], language)

    def decode(
        self, requests: Sequence[SpeechRequest], texts: Sequence[EncodedText], noises: Sequence[np.random.Generator]
    ) -> TextToVectorOutput:
        """Generate semantic vectors and pitch for a batch of encoded texts.

        Args:
            requests: requests of the batch.
            texts: outputs of `encode`, one per request.
            noises: random generator of each row.
        """
        longest = max(text.prior.mask.shape[2] for text in texts)
        prior = TextPrior(*(
            torch.cat([_padded(getattr(text.prior, name), longest) for text in texts])
            for name in ("hidden", "mean", "log_scale", "mask")
        ))  # fmt: skip
        frames = torch.cat([_padded(text.frames, longest) for text in texts])
        noise = sample_noise(noises, self._network.config.channels, [text.n_frames for text in texts])
        style = self._placement.tensor(np.stack([request.voice.text_style for request in requests]))
        output = self._network.generate(prior, frames, style, self._noise_scale * self._placement.tensor(noise))
        sampled = [(text.words, text.values) for text in texts if text.words is not None and text.values is not None]
        if len(sampled) < len(texts):
            return output
        words, values = zip(*sampled, strict=True)
        return replace(output, log_f0=replace_contours(output.log_f0, frames, words, values))


def sample_noise(
    noises: Sequence[np.random.Generator], channels: int, n_frames: Sequence[int]
) -> npt.NDArray[np.float32]:
    """Sample standard normal noise from the generator of each row, zero past the row's end.

    Args:
        noises: random generator of each row.
        channels: number of channels.
        n_frames: number of frames in each row.

    Shape:
        returns  [B, C, T]
    """
    samples = np.zeros((len(noises), channels, max(n_frames)), np.float32)
    for row, (noise, length) in enumerate(zip(noises, n_frames, strict=True)):
        samples[row, :, :length] = noise.standard_normal((channels, length), dtype=np.float32)
    return samples


def _padded(values: Tensor, n_symbols: int) -> Tensor:
    """Pad with zeros to `n_symbols`. Shape: [1, C, N] -> [1, C, n_symbols]."""
    return F.pad(values, (0, n_symbols - values.shape[2]))
