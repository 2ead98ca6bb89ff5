"""Readers of speech data sets in common layouts; all yield rows of the same type."""
