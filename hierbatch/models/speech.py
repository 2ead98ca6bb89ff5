"""What a speaking model is asked and what it answers; no tensor in sight, so that planning and tests stay light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from hierbatch.audio.waveform import Waveform


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechRequest:
    """One sentence to speak; `voice` is what the same model's `encode_voice` gave."""

    phonemes: str
    language: str
    voice: Any
    seed: int
    speed: float = 1.0
    pitch_semitones: float = 0.0
    prosody: float = 1.0
    """Factor on the spread of log F0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """One spoken sentence.

    Shape:
        token_frames  [N]      20 ms frames of each token of the phoneme string
        lead_frames            20 ms frames before the first token
        f0_hz         [M]      a pitch value every 10 ms, 0 where unvoiced
        semantic      [T, C]   content vectors it was spoken by, 50 a second; None where the model has none
    """

    waveform: Waveform
    token_frames: tuple[int, ...]
    lead_frames: int
    f0_hz: npt.NDArray[np.float32]
    semantic: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What a model hears in its own speech: cosines of what it meant to say, and of whom it meant to sound like."""

    semantic_dist: float
    """1 minus the mean cosine of the content vectors heard and meant; 0 is as meant, 1 is something else."""
    timbre_similarity: float
    """Cosine of the long-term spectra of sound and prompt. It tells a slip, not how alike two voices are: the model
    itself moves that spectrum towards the prompt's."""


@runtime_checkable
class SelfHearing(Protocol):
    """A model that can hear."""

    def hear(self, speech: Speech, request: SpeechRequest) -> Hearing: ...


class SpeechModel(Protocol):
    """What the engine needs of a model."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the weights or what is done with them do."""

    @property
    def languages(self) -> tuple[str, ...]: ...

    @property
    def rate_hz(self) -> int: ...

    def encode_voice(self, prompt: Waveform) -> Any:
        """Raises PromptError where the prompt cannot be used."""

    def speak(self, requests: Sequence[SpeechRequest]) -> list[Speech]:
        """One answer a request, in order; a row never depends on its neighbours."""
