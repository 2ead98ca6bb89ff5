"""Korean text to phonemes."""
