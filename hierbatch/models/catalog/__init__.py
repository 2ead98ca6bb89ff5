"""Catalog of models: their kinds and properties, and loading by bundle name."""
