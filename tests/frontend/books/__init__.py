"""Tests of the book formats."""
