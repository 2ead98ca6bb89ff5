"""Tables of a corpus, and its train, dev and test splits."""
