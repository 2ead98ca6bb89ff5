"""Songs as scores: notes with lyrics, and readers for common file formats."""
