"""The one clock of the system, and what its rates follow from.

Everything the models exchange is counted in frames of 20 ms at 16 kHz (HierSpeech++, section IV-A: content
features of a wav2vec 2.0 encoder, hop 320).
"""

from __future__ import annotations

RATE_HZ = 16_000
"""Sampling rate every model speaks and hears at."""

FRAME_HOP_SAMPLES = 320
"""Samples from one content frame to the next."""

FRAMES_PER_SECOND = RATE_HZ // FRAME_HOP_SAMPLES
"""Content frames a second (50)."""

MEL_HOP_SAMPLES = 160
"""Samples from one mel or pitch frame to the next."""

MEL_FRAMES_PER_SECOND = RATE_HZ // MEL_HOP_SAMPLES
"""Mel and pitch frames a second (100)."""

MELS_PER_FRAME = FRAME_HOP_SAMPLES // MEL_HOP_SAMPLES
"""Mel frames inside one content frame (2)."""
