"""Settings shared by the recipes of the published networks; each class is a table of the TOML configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hierbatch.errors import InputError
from hierbatch.training.trainer.recipe import OptimizerSettings
from hierbatch.training.trainer.trainer import TrainerOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class AdamWSettings:
    """Table `optimizer`: AdamW settings for each optimizer of a recipe. Defaults are published, or marked as ours."""

    learning_rate: float
    learning_rate_decay: float
    """Factor by which the learning rate is multiplied after each epoch."""
    betas: tuple[float, ...] = (0.8, 0.99)
    epsilon: float = 1e-9
    weight_decay: float = 0.01
    max_gradient_norm: float = 1000.0
    """Norm to which gradients are clipped. The value is ours: the published trainers do not clip."""
    frozen: tuple[str, ...] = ()
    """Patterns of the names of weights that are not trained, in addition to those of a preset."""

    def for_networks(self, name: str, networks: tuple[str, ...], frozen: tuple[str, ...] = ()) -> OptimizerSettings:
        """Settings of one optimizer.

        Args:
            name: name of the optimizer.
            networks: names of the networks that it updates.
            frozen: further patterns of the names of weights that are not trained.
        """
        first, second = self.betas
        return OptimizerSettings(
            name=name,
            networks=networks,
            learning_rate=self.learning_rate,
            betas=(first, second),
            epsilon=self.epsilon,
            weight_decay=self.weight_decay,
            max_gradient_norm=self.max_gradient_norm,
            frozen=self.frozen + frozen,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """Table `run`: schedule, precision, and intervals of reports, validations and checkpoints."""

    n_steps: int
    seed: int = 1
    n_accumulated: int = 1
    precision: str = "float32"
    average_decay: float = 0.9995
    report_steps: int = 100
    validate_steps: int = 5000
    save_steps: int = 5000
    keep_last: int = 3
    keep_every_steps: int = 50_000

    def options(self, **changes: Any) -> TrainerOptions:
        """Options of the trainer; `changes` are options that replace these settings."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return TrainerOptions(**(values | changes))


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechDataSettings:
    """Table `data`: choice of the rows, and their number in a batch."""

    batch_rows: int
    """Number of rows in a step, over all processes."""
    max_frames: int
    """Maximum length of a row. A longer utterance is cut to a random segment, or left out if its text is needed."""
    min_frames: int = 32
    max_symbols: int = 200
    """Maximum number of symbols in a phoneme string, without blanks; only for the text-to-vector network."""
    speaker_balance: bool = True
    """True to draw speakers by the square root of their total duration. The value is ours."""
    language_shares: Mapping[str, float] = field(default_factory=dict)
    """Share of rows by language; languages without a share divide the rest."""
    style_from: str = "self"
    """Source of the style: `self`, the row itself; `speaker`, in half of the rows another utterance of the speaker."""
    bucketed: bool = False
    """Put utterances of similar length into one batch."""
    validation_rows: int = 16

    def __post_init__(self) -> None:
        if self.style_from not in ("self", "speaker"):
            raise InputError("style_from is unknown", expected="self or speaker", got=repr(self.style_from))
