"""Descriptions of voices in English and Korean."""
