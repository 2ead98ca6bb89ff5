"""Discriminators for adversarial training of the generators."""
