"""Readers of speech data sets in the layouts that people have; all give the same rows."""
