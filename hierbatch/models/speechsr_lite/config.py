"""Sizes of the light SpeechSR; one network serves both rates."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from hierbatch.errors import BundleError
from hierbatch.units import RATE_HZ

FFT_SAMPLES = 512
"""Window and transform at 16 kHz: 32 ms."""
HOP_SAMPLES = 128
"""Samples at 16 kHz from one frame to the next: 8 ms."""
N_LOW_BINS = FFT_SAMPLES // 2 + 1
BIN_HZ = RATE_HZ / FFT_SAMPLES


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSRLiteConfig:
    """One network, and where its band begins and ends."""

    width: int = 128
    """Channels of the blocks."""
    blocks: int = 4
    """ConvNeXt blocks."""
    kernel: int = 7
    """Frames a block sees."""
    bands: int = 64
    """Values the new envelope is drawn with, evenly over the new band."""
    first_bin: int = 237
    """Lowest bin that gets new sound (7.4 kHz): resamplers leave little from there to 8 kHz."""
    last_bin: int = 640
    """First bin above it (20 kHz)."""
    copied_bins: int = 124
    """Width of the band that is copied upwards (3.9 kHz, up to `first_bin`); a multiple of `FFT_SAMPLES / HOP_SAMPLES`,
    so that a copy keeps its phase from frame to frame."""

    def to_dict(self) -> dict[str, Any]:
        """What a bundle's page keeps."""
        return asdict(self)

    @staticmethod
    def from_dict(values: dict[str, Any]) -> SpeechSRLiteConfig:
        """The configuration on a bundle's page; raises BundleError for other keys than there are."""
        wanted = {field.name for field in fields(SpeechSRLiteConfig)}
        if set(values) != wanted:
            raise BundleError(
                "The configuration is not that of the light SpeechSR",
                wanted=", ".join(sorted(wanted)),
                got=", ".join(sorted(values)),
            )
        return SpeechSRLiteConfig(**values)
