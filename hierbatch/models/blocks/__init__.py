"""Layers two models really share."""
