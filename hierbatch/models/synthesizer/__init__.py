"""The hierarchical synthesizer: semantic vectors, pitch and a style to 16 kHz sound."""
