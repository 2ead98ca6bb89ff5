"""Evaluation of models on committed sets, and its table of results."""
