"""Recipe that trains the prosody network on the words of aligned recordings, with the text side frozen.

The text side encodes every sentence once; a step then reads the words of some sentences only, so thousands of steps
take minutes. The loss is the negative evidence lower bound of a word in nats.

Legend: B batch, K words, C channels of the encoded text, S style, D values of a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.text_to_vector import LiteTextToVector, TextBatch
from hierbatch.models.lite.word_prosody import SILENT_SYMBOLS, recorded_values
from hierbatch.models.prosody.network import FREE_NATS, ProsodyNetwork, ProsodyNoise, WordBatch
from hierbatch.models.prosody.words import mean_by_word, stack_words, word_of_symbols
from hierbatch.training.aligned_segments import AlignedSegment, AlignedUtterance, aligned_utterances
from hierbatch.training.phase_recipe import Losses
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.prompt_styles import PromptStyles
from hierbatch.training.speaker_medians import speaker_medians_hz

_SENTENCES_PER_BATCH = 24
_MAX_FRAMES = 900
_N_HELD_OUT = 200
_LOG_RATIO_LIMIT = 1.5
"""Limit on the log ratio of recorded to predicted durations; larger ratios are alignment errors."""


@dataclass(frozen=True, slots=True)
class ProsodySentence:
    """Encoded words of a recorded sentence. Shape: text [K, C], style [S], values [K, D]."""

    text: Tensor
    style: Tensor
    values: Tensor


class ProsodyRecipe:
    """Recipe that trains on the words of whole sentences.

    Args:
        prepared: prepared speech with alignments.
        config: sizes of the networks.
        text_to_vector: trained text side; it is not changed.
        device: device to train on.
    """

    def __init__(
        self, prepared: PreparedSet, config: LiteConfig, text_to_vector: LiteTextToVector, device: str = "cpu"
    ) -> None:
        self.network: ProsodyNetwork = ProsodyNetwork(config.prosody).to(device)
        self._device = device
        aligned = aligned_utterances(prepared.folder, prepared.utterances)
        encoder = _SentenceEncoder(prepared, aligned, text_to_vector.to(device).eval().requires_grad_(False), device)
        self._train = encoder.encode([u for u in aligned.values() if u.utterance.split == "train"])
        held_out = [u for u in aligned.values() if u.utterance.split != "train"][:_N_HELD_OUT]
        self._held_out = encoder.encode(held_out) if held_out else self._train[:_N_HELD_OUT]
        values = torch.cat([sentence.values for sentence in self._train])
        self.network.mean.copy_(values.mean(0))
        self.network.scale.copy_(values.std(0).clamp_min(1e-3))

    def losses(self, network: ProsodyNetwork, rng: np.random.Generator) -> Losses:
        drawn = rng.integers(len(self._train), size=min(_SENTENCES_PER_BATCH, len(self._train)))
        batch, values = self._stack([self._train[i] for i in drawn])
        terms = network.terms(batch, values, self._noise(network, batch, rng), free_nats=FREE_NATS)
        return {
            "values": terms.values,
            "utterance": terms.utterance,
            "words": terms.words,
        }

    @torch.no_grad()
    def validate(self, network: ProsodyNetwork) -> dict[str, float]:
        """Terms of the loss on held-out sentences, and ratios of sampled to recorded spread of pitch and duration."""
        rng = np.random.default_rng(0)
        batch, values = self._stack(self._held_out)
        noise = self._noise(network, batch, rng)
        terms = network.terms(batch, values, noise)
        sampled, mask = network(batch, noise), batch.mask[..., 0]
        ratios = sampled[mask].std(0) / values[mask].std(0)
        return {
            "values": float(terms.values),
            "utterance": float(terms.utterance),
            "words": float(terms.words),
            "pitch_spread": float(ratios[0]),
            "duration_spread": float(ratios[-1]),
        }

    def _stack(self, sentences: Sequence[ProsodySentence]) -> tuple[WordBatch, Tensor]:
        text = pad_sequence([one.text for one in sentences], batch_first=True)
        lengths = torch.tensor([len(one.text) for one in sentences], device=self._device)
        style = torch.stack([one.style for one in sentences])
        return WordBatch(text, lengths, style), pad_sequence([one.values for one in sentences], batch_first=True)

    def _noise(self, network: ProsodyNetwork, batch: WordBatch, rng: np.random.Generator) -> ProsodyNoise:
        n_rows, n_words = batch.text.shape[:2]
        return ProsodyNoise.sample(network.config, [rng] * n_rows, n_words, device=self._device)


class _SentenceEncoder:
    """Encoder of recorded sentences by the text side, each in the style of another recording of its speaker."""

    def __init__(
        self, prepared: PreparedSet, aligned: dict[str, AlignedUtterance], network: LiteTextToVector, device: str
    ) -> None:
        usable = [one.utterance for one in aligned.values()]
        self._prepared, self._network, self._device = prepared, network, device
        self._medians_hz = speaker_medians_hz(prepared, usable)
        self._styles = PromptStyles(prepared, usable, network, device)

    @torch.no_grad()
    def encode(self, utterances: Sequence[AlignedUtterance]) -> list[ProsodySentence]:
        rng = np.random.default_rng(0)
        texts = [one.whole() for one in utterances]
        texts = [one for one in texts if one.segment.n_frames <= _MAX_FRAMES]
        sentences: list[ProsodySentence] = []
        for first in range(0, len(texts), _SENTENCES_PER_BATCH):
            sentences += self._encode_batch(texts[first : first + _SENTENCES_PER_BATCH], rng)
        return [one for one in sentences if len(one.values)]

    def _encode_batch(self, texts: Sequence[AlignedSegment], rng: np.random.Generator) -> list[ProsodySentence]:
        style = self._styles.encode([text.segment for text in texts], rng)
        batch = TextBatch.from_ids([text.ids for text in texts], self._device)
        hidden = self._network.encode(batch, style)
        frames = torch.expm1(self._network.log_durations(hidden, batch, style)).clamp_min(0.0)
        rows = [word_of_symbols(text.ids.symbols, SILENT_SYMBOLS) for text in texts]
        means, n_words = mean_by_word(hidden, torch.from_numpy(stack_words(rows, hidden.shape[1])).to(self._device))
        return [
            ProsodySentence(means[row, : int(n_words[row])], style[row], self._values(text, frames[row]))
            for row, text in enumerate(texts)
        ]

    def _values(self, text: AlignedSegment, predicted_frames: Tensor) -> Tensor:
        segment = text.segment
        f0_hz = self._prepared.f0_hz(segment.utterance, segment.start, segment.n_frames)
        durations = np.array(text.durations)
        predicted = predicted_frames[: len(durations)].cpu().numpy()
        median_hz = self._medians_hz[segment.utterance.speaker]
        values = recorded_values(text.ids, durations, predicted, f0_hz, median_hz)
        values[:, -1] = values[:, -1].clip(-_LOG_RATIO_LIMIT, _LOG_RATIO_LIMIT)
        return torch.from_numpy(values).to(self._device)
