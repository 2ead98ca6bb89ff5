"""Dialogue of a book: quotations, characters, and the speaker of each quotation, by rules without a language model."""
