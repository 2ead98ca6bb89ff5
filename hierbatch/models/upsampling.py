"""Any recording to 24 or 48 kHz with a top of its own, of any length: pieces with context that equal the whole.

Legend: N samples at 16 kHz, M samples at the higher rate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import torch
from torch import Tensor, nn

from hierbatch.audio.resample import resample, resampled_length
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import BundleError, InputError, SynthesisError
from hierbatch.models.bundle import Bundle, find_bundle
from hierbatch.models.outline import DEFAULT_UPSAMPLER, UPSAMPLER_KIND, UPSAMPLER_PARTS, upsampled_rates
from hierbatch.models.placement import Placement
from hierbatch.models.speechsr.config import speechsr_24k, speechsr_48k
from hierbatch.models.speechsr.model import SpeechSR
from hierbatch.models.speechsr_lite.config import HOP_SAMPLES, SpeechSRLiteConfig
from hierbatch.models.speechsr_lite.model import SpeechSRLite
from hierbatch.units import RATE_HZ

RATES_HZ = tuple(UPSAMPLER_PARTS)

PIECE_SAMPLES = 2560 * HOP_SAMPLES
"""At 16 kHz, 20.5 s: whole frames of the light network, so that each piece has the frames of the whole."""
CONTEXT_SAMPLES = 32 * HOP_SAMPLES
"""Heard on either side of a piece and left away: 256 ms, where the light network sees 130 and the published one 7."""


class _Network(Protocol):
    def __call__(self, sound: Tensor, /) -> Tensor:
        """Shape: [B, 1, N] -> [B, 1, M]."""


class Upsampler:
    """SpeechSR with one bundle's weights on one device."""

    def __init__(self, bundle: Bundle, make: Callable[[int], nn.Module], placement: Placement) -> None:
        self.name, self.fingerprint = bundle.name, bundle.fingerprint
        self._make, self._placement = make, placement
        self._networks: dict[int, _Network] = {}

    @staticmethod
    def load(bundle: str | Path = DEFAULT_UPSAMPLER, device: str = "cpu") -> Upsampler:
        """The instrument of a bundle by its name or folder; `device` is a `Placement` in one word.

        Raises:
            BundleError: no such bundle, or it holds no SpeechSR.
            InputError: there is no such device here.
        """
        found = find_bundle(bundle)
        upsampled_rates(found)  # or it is no SpeechSR
        make = _light if found.kind == UPSAMPLER_KIND else _published
        return Upsampler(found, make(found), Placement.parse(device))

    def prepare(self, rate_hz: int) -> None:
        """Load the network of a rate now.

        Raises:
            InputError: no SpeechSR gives that rate.
            BundleError: the bundle has no network for it, or a damaged one.
        """
        if rate_hz not in RATES_HZ:
            raise InputError(
                "SpeechSR does not give this rate", wanted=" or ".join(map(str, RATES_HZ)), got=f"{rate_hz} Hz"
            )
        if rate_hz not in self._networks:
            self._networks[rate_hz] = cast("_Network", self._placement.place(self._make(rate_hz)))

    def upsample(self, sound: Waveform, rate_hz: int) -> Waveform:
        """The recording at `rate_hz`, everything above 8 kHz made anew; as long as `resample` would make it.

        Raises:
            InputError, BundleError: as `prepare` does.
            SynthesisError: the network gave samples that are not numbers.
        """
        made = np.zeros(resampled_length(sound.n_samples, sound.rate_hz, rate_hz), np.float32)
        start = 0
        for piece in self.pieces(sound, rate_hz):
            made[start : start + len(piece)] = piece
            start += len(piece)
        return Waveform(made, rate_hz)

    def pieces(self, sound: Waveform, rate_hz: int) -> Iterator[Samples]:
        """The same, a piece at a time: memory for 21 s of sound, however long the recording is."""
        self.prepare(rate_hz)
        heard = resample(sound, RATE_HZ).samples
        n_left = resampled_length(sound.n_samples, sound.rate_hz, rate_hz)
        for start in range(0, len(heard), PIECE_SAMPLES):
            first = max(0, start - CONTEXT_SAMPLES)
            cut = heard[first : start + PIECE_SAMPLES + CONTEXT_SAMPLES]
            # At 24 kHz two samples make three: an odd last one would lose half a sample.
            made = self._run(np.pad(cut, (0, len(cut) % 2)), rate_hz)
            left = (start - first) * rate_hz // RATE_HZ
            piece = made[left : left + min(n_left, PIECE_SAMPLES * rate_hz // RATE_HZ)]
            if not np.isfinite(piece).all():
                raise SynthesisError("The model gave samples that are not numbers")
            n_left -= len(piece)
            yield piece

    def _run(self, samples: Samples, rate_hz: int) -> Samples:
        with self._placement.computing():
            sound = torch.from_numpy(np.ascontiguousarray(samples))[None, None].to(self._placement.device)
            made = self._networks[rate_hz](sound)[0, 0].float()
        return cast("Samples", made.cpu().numpy())


def _light(bundle: Bundle) -> Callable[[int], nn.Module]:
    def make(rate_hz: int) -> nn.Module:
        network = SpeechSRLite(SpeechSRLiteConfig.from_dict(bundle.config), rate_hz)
        return _filled(network, bundle, bundle.load_weights())

    return make


def _published(bundle: Bundle) -> Callable[[int], nn.Module]:
    def make(rate_hz: int) -> nn.Module:
        network = SpeechSR(speechsr_48k() if rate_hz == 48_000 else speechsr_24k())
        return _filled(network, bundle, bundle.load_part(UPSAMPLER_PARTS[rate_hz]))

    return make


def _filled(network: nn.Module, bundle: Bundle, weights: dict[str, Tensor]) -> nn.Module:
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise BundleError(
            f"The weights of bundle {bundle.name!r} do not fit its configuration",
            got=" ".join(str(error).split()),
            mend="reinstall hierbatch, or import the bundle again",
        ) from error
    return network
