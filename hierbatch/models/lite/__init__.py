"""HierSpeech2-Lite: the packaged model, small enough for training and synthesis on one CPU core."""
