"""Interface of speech synthesis models; without torch, so that planning and tests stay light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from hierbatch.audio.waveform import Waveform


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechRequest:
    """One sentence to synthesize; `voice` is the value returned by the same model's `encode_voice`."""

    phonemes: str
    language: str
    voice: Any
    seed: int
    speed: float = 1.0
    pitch_semitones: float = 0.0
    prosody: float = 1.0
    """Scale factor for the spread of log F0; 1 leaves it as predicted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """One synthesized sentence.

    Shape:
        token_frames  [N]      duration of each token of the phoneme string in 20 ms frames
        lead_frames            20 ms frames before the first token
        f0_hz         [M]      one value per 10 ms, 0 where unvoiced
        semantic      [T, C]   predicted semantic vectors, 50 per second; None if the model has none
    """

    waveform: Waveform
    token_frames: tuple[int, ...]
    lead_frames: int
    f0_hz: npt.NDArray[np.float32]
    semantic: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfAssessment:
    """Scores of a model's own output against its content and voice targets."""

    semantic_distance: float
    """1 minus the mean cosine of encoded and predicted semantic vectors; 0 for identical, 1 for unrelated content."""
    timbre_similarity: float
    """Cosine of the long-term spectra of output and prompt.

    It detects failures and does not measure speaker similarity: the model itself shifts that spectrum towards the
    prompt's.
    """
    encoded: npt.NDArray[np.float32] | None = None
    """Content vectors of the output, 50 per second, for a comparison with the text word by word."""


@runtime_checkable
class SupportsSelfCheck(Protocol):
    """Model that can score its own output."""

    def self_check(self, speech: Speech, request: SpeechRequest) -> SelfAssessment:
        """Compare an output with the predictions of the model and with the prompt."""
        ...


class SpeechModel(Protocol):
    """Model that synthesizes speech."""

    @property
    def name(self) -> str:
        """Name of the bundle."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash of the weights and of the settings that affect the output."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that the model speaks."""
        ...

    @property
    def rate_hz(self) -> int:
        """Sampling rate of the output in Hz."""
        ...

    def encode_voice(self, prompt: Waveform) -> Any:
        """Encode a voice prompt; raises PromptError if it is unusable."""

    def speak(self, requests: Sequence[SpeechRequest]) -> list[Speech]:
        """Synthesize a batch; results are in the order of the requests, and each is independent of the batch."""
