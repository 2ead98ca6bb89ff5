"""Configuration of text-to-vector training. Defaults are the published values, except those marked as ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hierbatch.errors import InputError
from hierbatch.models.hierspeechpp.text_to_vector.config import TextToVectorConfig
from hierbatch.models.hierspeechpp.vocabulary import Vocabulary, vocabulary_of
from hierbatch.training.hierspeechpp.settings import AdamWSettings, RunSettings, SpeechDataSettings

STAGES = ("all", "pitch_on_predicted")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextToVectorLossWeights:
    """Table `losses`: weights of the losses."""

    semantic: float = 10.0
    divergence: float = 0.1
    pitch: float = 1.0
    durations: float = 1.0
    symbols: float = 1.0
    """Connectionist temporal classification (CTC) loss of the symbols, predicted from the latent."""
    prosody: float = 0.1
    """Negative evidence lower bound of the words' contours and durations, for a network with `prosody_width`. Ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextToVectorTraining:
    """Complete configuration for training a text-to-vector network."""

    network: TextToVectorConfig = field(default_factory=TextToVectorConfig)
    vocabulary: str = "published"
    """`published`, the 178 symbols of the authors, for English only; or `phonemes`, the phoneme table of hierbatch.
    Ignored if `symbols` is set."""
    symbols: tuple[str, ...] = ()
    """Symbols of a vocabulary other than the published one, in the order of their ids; the first is the blank."""
    spelling: Mapping[str, Any] = field(default_factory=dict)
    """Spelling of phonemes in `symbols`."""
    languages: tuple[str, ...] = ("en",)
    """Languages in the order of their ids; more than one language requires `network.n_languages`."""
    losses: TextToVectorLossWeights = field(default_factory=TextToVectorLossWeights)
    mask_semantic_loss: bool = False
    """Leave padding out of the semantic loss. With this mask, the authors' network made long random pauses."""
    stage: str = "all"
    """`all`, or `pitch_on_predicted`: only the pitch predictor is trained, on predicted semantic vectors, as in the
    authors' last stage of training."""
    optimizer: AdamWSettings = field(
        default_factory=lambda: AdamWSettings(learning_rate=2e-4, learning_rate_decay=0.999)
    )
    data: SpeechDataSettings = field(
        default_factory=lambda: SpeechDataSettings(batch_rows=128, max_frames=600, bucketed=True)
    )
    """Data settings. `bucketed` is ours: the published trainer only trims a batch to its longest row."""
    run: RunSettings = field(default_factory=lambda: RunSettings(n_steps=950_000))

    def __post_init__(self) -> None:
        """Check the stage, and that vocabulary, languages and network fit together.

        Raises:
            InputError: the stage is unknown, or the network does not fit the vocabulary or the languages.
        """
        if self.stage not in STAGES:
            raise InputError("The stage is unknown", expected=" or ".join(STAGES), got=repr(self.stage))
        n_symbols = len(self.vocabulary_table.symbols)
        if self.network.n_symbols != n_symbols:
            raise InputError(
                "The network does not fit the vocabulary",
                expected=f"network.n_symbols of {n_symbols}",
                got=str(self.network.n_symbols),
            )
        if len(self.languages) > 1 and self.network.n_languages != len(self.languages):
            raise InputError(
                "The network does not fit the languages",
                expected=f"network.n_languages of {len(self.languages)}",
                got=str(self.network.n_languages),
            )

    @property
    def vocabulary_values(self) -> dict[str, Any] | str:
        """Vocabulary as a bundle stores it."""
        if self.symbols:
            return {"symbols": list(self.symbols), "spelling": dict(self.spelling)}
        return self.vocabulary

    @property
    def vocabulary_table(self) -> Vocabulary:
        """Vocabulary as a table of symbols."""
        return vocabulary_of(self.vocabulary_values)
