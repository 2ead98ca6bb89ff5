"""Batch speech with HierSpeech2: text and recordings in, sound and its measures out."""
