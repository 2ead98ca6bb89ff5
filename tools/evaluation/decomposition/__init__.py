"""Decomposition of the loss of quality by stages: recording, copy synthesis, own content, text to speech."""
