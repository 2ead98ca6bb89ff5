"""Bundles and checkpoints: weights on disk."""
