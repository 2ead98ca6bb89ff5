"""Book formats: EPUB 2 and 3, plain text and Markdown become chapters of headings and paragraphs."""
