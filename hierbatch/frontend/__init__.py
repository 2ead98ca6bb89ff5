"""Text front end: books, sentences, normalisation, pronunciation."""
