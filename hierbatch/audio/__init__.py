"""Audio: waveforms, files, features, loudness."""
