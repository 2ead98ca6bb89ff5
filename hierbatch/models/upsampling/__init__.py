"""Bandwidth extension of recordings."""
