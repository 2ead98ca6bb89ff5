"""Text front end: books, sentences, normalization, pronunciation."""
