"""Sample rate and frame rates shared by all speech models.

Models exchange frames of 20 ms at 16 kHz (HierSpeech++, section IV-A: content features of a wav2vec 2.0 encoder,
hop 320).
"""

from __future__ import annotations

RATE_HZ = 16_000
"""Sample rate of all speech models in Hz, for input and output."""

FRAME_HOP_SAMPLES = 320
"""Hop size of content frames, in samples."""

FRAMES_PER_SECOND = RATE_HZ // FRAME_HOP_SAMPLES
"""Content frames per second (50)."""

MEL_HOP_SAMPLES = 160
"""Hop size of mel and pitch frames, in samples."""

MEL_FRAMES_PER_SECOND = RATE_HZ // MEL_HOP_SAMPLES
"""Mel and pitch frames per second (100)."""

MELS_PER_FRAME = FRAME_HOP_SAMPLES // MEL_HOP_SAMPLES
"""Mel frames per content frame (2)."""

AUDIO_SUFFIXES = (
    ".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aiff", ".aif", ".au", ".caf", ".w64", ".m4a", ".m4b", ".aac",
    ".wma", ".amr", ".mka", ".weba",
)  # fmt: skip
"""Suffixes of audio files."""
