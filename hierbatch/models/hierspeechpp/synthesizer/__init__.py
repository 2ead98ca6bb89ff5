"""Hierarchical synthesizer of HierSpeech++: semantic vectors, pitch and a style to a 16 kHz waveform."""
