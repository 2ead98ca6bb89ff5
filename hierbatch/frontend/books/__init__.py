"""Readers for books in EPUB 2 and 3, plain text and Markdown; each yields chapters of headings and paragraphs."""
