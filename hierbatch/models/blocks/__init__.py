"""Layers that more than one of the HierSpeech2 networks are built of."""
