"""Rows of a book: its cast, merged editions, and selections of chapters."""
