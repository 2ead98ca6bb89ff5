"""Table of the kinds of models, and their properties."""
