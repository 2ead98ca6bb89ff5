"""Sound: waveforms, files, features, loudness."""
