"""Text to phonemes: books, sentences, normalisation, pronunciation."""
