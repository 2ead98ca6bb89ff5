"""Configuration of SpeechSR-Lite; one network serves both output rates."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from hierbatch.constants import RATE_HZ
from hierbatch.errors import BundleError

FFT_SAMPLES = 512
"""Window and FFT size at 16 kHz: 32 ms."""
HOP_SAMPLES = 128
"""Hop size at 16 kHz: 8 ms."""
N_LOW_BINS = FFT_SAMPLES // 2 + 1
BIN_HZ = RATE_HZ / FFT_SAMPLES

_MAX_BLOCKS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSRLiteConfig:
    """Hyperparameters of the network and limits of the synthesized band."""

    width: int = 128
    """Channels of the blocks."""
    blocks: int = 4
    """Number of ConvNeXt blocks."""
    kernel: int = 7
    """Kernel size of the blocks, in frames."""
    bands: int = 64
    """Envelope points, evenly spaced over the high band."""
    first_bin: int = 237
    """Lowest synthesized bin (7.4 kHz), since resampled audio may have little energy from 7.4 to 8 kHz."""
    last_bin: int = 640
    """End of the synthesized band, exclusive (20 kHz)."""
    copied_bins: int = 124
    """Width of the source band, which ends at `first_bin`, in bins (3.9 kHz).

    It is a multiple of `FFT_SAMPLES / HOP_SAMPLES`, so that the phase of a copied band advances correctly.
    """

    def to_dict(self) -> dict[str, Any]:
        """Convert to the `config` entry of a bundle.json."""
        return asdict(self)

    @staticmethod
    def from_dict(values: dict[str, Any]) -> SpeechSRLiteConfig:
        """Create the configuration from the `config` entry of a bundle.json.

        Raises:
            BundleError: keys are missing or unknown, or values are out of range.
        """
        expected = {field.name for field in fields(SpeechSRLiteConfig)}
        if set(values) != expected:
            raise BundleError(
                "The configuration is not one of SpeechSR-Lite",
                expected=", ".join(sorted(expected)),
                got=", ".join(sorted(values)),
            )
        wrong = [name for name, value in values.items() if type(value) is not int or not 1 <= value <= 1024]
        if wrong or values["blocks"] > _MAX_BLOCKS:
            raise BundleError(
                "The configuration of SpeechSR-Lite has values out of range",
                expected=f"integers from 1 to 1024, and at most {_MAX_BLOCKS} blocks",
                got=", ".join(f"{name} {str(values[name])[:20]}" for name in wrong or ["blocks"]),
                fix="restore bundle.json",
            )
        return SpeechSRLiteConfig(**values)
