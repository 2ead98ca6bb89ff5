"""Pipeline of the Python API for bandwidth extension with one loaded model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast, overload

from hierbatch.api.sound import Recording, Sound, as_waveform

if TYPE_CHECKING:
    from pydub import AudioSegment

    from hierbatch.models.upsampling.upsampler import Upsampler


class UpsamplingPipeline:
    """Loaded SpeechSR model, which synthesizes the content above 8 kHz of recordings."""

    def __init__(self, model: Upsampler) -> None:
        self._model = model

    @property
    def name(self) -> str:
        """Name of the model."""
        return self._model.name

    @property
    def rates_hz(self) -> tuple[int, ...]:
        """Sample rates in Hz that the model supports for its output."""
        return tuple(self._model.rates_hz)

    @overload
    def upsample(self, recording: Recording, rate_hz: int = 48_000) -> Sound: ...

    @overload
    def upsample(self, recording: list[Recording] | tuple[Recording, ...], rate_hz: int = 48_000) -> list[Sound]: ...

    def upsample(
        self, recording: Recording | AudioSegment | Sequence[Recording], rate_hz: int = 48_000
    ) -> Sound | list[Sound]:
        """Extend the bandwidth of one recording, or of each recording of a list.

        Args:
            recording: a path, bytes, a `Sound`, a `Waveform`, a pydub `AudioSegment`, or a list of them.
            rate_hz: sample rate of the result, one of `rates_hz`.

        Raises:
            InputError: the model has no network for the rate.
            SourceError: a recording cannot be used.
            SynthesisError: the network returned no usable sound.
        """
        if isinstance(recording, list | tuple):
            return [self._upsample(one, rate_hz) for one in recording]
        return self._upsample(cast("Recording", recording), rate_hz)

    def _upsample(self, recording: Recording, rate_hz: int) -> Sound:
        return Sound.from_waveform(self._model.upsample(as_waveform(recording), rate_hz))
