"""Layers shared by the HierSpeech++ networks."""
