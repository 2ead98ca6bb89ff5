"""Recipe that trains the pause predictor on where readers pause, with the text side frozen.

The text side encodes every sentence once. Sentences with punctuation are also learned without their commas, as
transcripts without punctuation are read.

Legend: B batch, K words, C channels of the encoded text, P phrase features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from hierbatch.frontend.phonemes import PhonemeIds, encode
from hierbatch.frontend.symbols import LANGUAGE_IDS, SYMBOL_IDS, WORD_BOUNDARY
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.pauses import PauseInputs, PausePredictor, separators_after_words
from hierbatch.models.lite.text_to_vector import LiteTextToVector, TextBatch
from hierbatch.training.aligned_segments import AlignedUtterance, aligned_utterances
from hierbatch.training.masking import masked_mean
from hierbatch.training.phase_recipe import Losses
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.prompt_styles import PromptStyles

_SENTENCES_PER_BATCH = 32
_DROPOUT = 0.2
_KOREAN_WEIGHT = 0.5
_KOREAN = LANGUAGE_IDS["ko"]
_PAUSE_FRAMES = 7
"""Silences between words of at least 140 ms are pauses; shorter ones are closures of stops."""
_BOUNDARY, _COMMA = SYMBOL_IDS[WORD_BOUNDARY], SYMBOL_IDS[","]


@dataclass(frozen=True, slots=True)
class PauseSentence:
    """Encoded words of a recorded sentence, and the boundaries at which its reader may pause or did pause.

    Shape:
        words     [K, C]
        features  [K, P]
        is_open   [K]     True after words without punctuation
        is_pause  [K]     1 for a pause, 0 for none
    """

    words: Tensor
    features: Tensor
    is_open: Tensor
    is_pause: Tensor
    language: int


class PauseRecipe:
    """Recipe that trains on the word boundaries of whole utterances.

    Args:
        prepared: prepared speech with alignments.
        config: sizes of the networks.
        text_to_vector: trained text side; it is not changed.
        device: device to train on.
    """

    def __init__(
        self, prepared: PreparedSet, config: LiteConfig, text_to_vector: LiteTextToVector, device: str = "cpu"
    ) -> None:
        self.network: PausePredictor = PausePredictor(config).to(device)
        aligned = aligned_utterances(prepared.folder, prepared.utterances)
        network = text_to_vector.to(device).eval().requires_grad_(False)
        styles = PromptStyles(prepared, [one.utterance for one in aligned.values()], network, device)
        train = {utterance.id for utterance in prepared.split("train")}
        self._train = _encode([u for id, u in aligned.items() if id in train], network, styles, device)
        held_out = {utterance.id for utterance in prepared.split("development")}
        self._held_out = _encode([u for id, u in aligned.items() if id in held_out], network, styles, device)
        self._weights = np.array([_KOREAN_WEIGHT if one.language == _KOREAN else 1.0 for one in self._train])
        self._weights /= self._weights.sum()

    def losses(self, network: PausePredictor, rng: np.random.Generator) -> Losses:
        drawn = rng.choice(len(self._train), size=_SENTENCES_PER_BATCH, p=self._weights)
        inputs, is_open, is_pause = _stack([self._train[i] for i in drawn])
        inputs = replace(inputs, words=F.dropout(inputs.words, _DROPOUT))
        return {"pauses": _cross_entropy(network(inputs), is_open, is_pause)}

    @torch.no_grad()
    def validate(self, network: PausePredictor) -> dict[str, float]:
        """Cross entropy on held-out utterances, and the number of predicted over that of recorded pauses."""
        inputs, is_open, is_pause = _stack(self._held_out or self._train)
        logits = network(inputs)
        expected = torch.sigmoid(logits)[is_open].sum() / is_pause[is_open].sum().clamp_min(1)
        return {"pauses": float(_cross_entropy(logits, is_open, is_pause)), "pause_count": float(expected)}


def _cross_entropy(logits: Tensor, is_open: Tensor, is_pause: Tensor) -> Tensor:
    """Mean over the boundaries without punctuation. Shape: [B, K]."""
    return masked_mean(F.binary_cross_entropy_with_logits(logits, is_pause, reduction="none"), is_open)


def _encode(
    utterances: Sequence[AlignedUtterance], network: LiteTextToVector, styles: PromptStyles, device: str
) -> list[PauseSentence]:
    """Encode utterances as transcribed, and those with commas also without them."""
    rng = np.random.default_rng(0)
    sentences: list[PauseSentence] = []
    for first in range(0, len(utterances), _SENTENCES_PER_BATCH):
        batch = utterances[first : first + _SENTENCES_PER_BATCH]
        style = styles.encode([one.whole().segment for one in batch], rng)
        transcribed = [transcribed_symbols(one) for one in batch]
        sentences += _encode_batch(batch, transcribed, network, style, device)
        with_commas = [row for row, ids in enumerate(transcribed) if _COMMA in ids.symbols[:-1]]
        if with_commas:
            plain = [without_commas(transcribed[row]) for row in with_commas]
            sentences += _encode_batch([batch[row] for row in with_commas], plain, network, style[with_commas], device)
    return sentences


@torch.no_grad()
def _encode_batch(
    utterances: Sequence[AlignedUtterance],
    ids: Sequence[PhonemeIds],
    network: LiteTextToVector,
    style: Tensor,
    device: str,
) -> list[PauseSentence]:
    inputs = PauseInputs.from_ids(ids, network.encode(TextBatch.from_ids(ids, device), style))
    sentences = []
    for row, (utterance, one) in enumerate(zip(utterances, ids, strict=True)):
        separators = separators_after_words(one.symbols)
        n_words = len(separators)
        is_open = np.array(one.symbols)[separators] == _BOUNDARY
        is_pause = np.array(utterance.durations)[separators] >= _PAUSE_FRAMES
        sentences.append(
            PauseSentence(
                inputs.words[row, :n_words],
                inputs.features[row, :n_words],
                torch.from_numpy(is_open).to(device),
                torch.from_numpy(is_pause.astype(np.float32)).to(device),
                one.language,
            )
        )
    return sentences


def transcribed_symbols(utterance: AlignedUtterance) -> PhonemeIds:
    """Symbols of an utterance with the punctuation of its transcript, without the commas that alignment has added."""
    transcribed = encode(utterance.utterance.phonemes, utterance.utterance.language).symbols
    if len(transcribed) != len(utterance.ids.symbols):
        return utterance.ids
    pairs = zip(utterance.ids.symbols, transcribed, strict=True)
    symbols = tuple(_BOUNDARY if own == _COMMA and written == _BOUNDARY else own for own, written in pairs)
    return replace(utterance.ids, symbols=symbols)


def without_commas(ids: PhonemeIds) -> PhonemeIds:
    """Symbols with word boundaries in place of the commas inside the sentence."""
    *inner, last = ids.symbols
    return replace(ids, symbols=(*(_BOUNDARY if symbol == _COMMA else symbol for symbol in inner), last))


def _stack(sentences: Sequence[PauseSentence]) -> tuple[PauseInputs, Tensor, Tensor]:
    """Pad a batch; padding is no boundary."""

    def pad(rows: list[Tensor]) -> Tensor:
        return pad_sequence(rows, batch_first=True)

    inputs = PauseInputs(
        pad([one.words for one in sentences]),
        pad([one.features for one in sentences]),
        torch.tensor([len(one.words) for one in sentences], device=sentences[0].words.device),
    )
    return inputs, pad([one.is_open for one in sentences]), pad([one.is_pause for one in sentences])
