"""HierSpeech2-Lite: the embedded model, small enough to train and speak on one CPU core."""
