"""Hierarchical prosody: sampled F0 contours and durations of words, for all text-to-vector networks."""
