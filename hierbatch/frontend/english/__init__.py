"""Text normalisation: written text to words as read aloud, by ordered tables of rules for each language."""
