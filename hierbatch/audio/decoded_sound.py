"""Sound that is being decoded, and the error for a sound that cannot be decoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hierbatch.audio.waveform import Samples

BLOCK_SAMPLES = 1 << 16
"""Number of samples per channel in a block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedSound:
    """Sound that is being decoded; each block has shape [L, C], with L samples of C channels."""

    rate_hz: int
    n_channels: int
    container: str
    codec: str
    """Sample format as named by libsndfile; empty if ffmpeg decodes."""
    is_truncated: bool
    n_declared: int
    """Samples per channel according to the header; 0 if the header gives no number or is not reliable."""
    blocks: Iterator[Samples]
    channel_mask: int = 0
    """Channels present, as the bits of WAVEFORMATEXTENSIBLE; 0 if unknown."""


class DecodingError(Exception):
    """Failure to decode a file; the text is the reason. `hierbatch.audio.files` adds the name of the file and a fix."""
