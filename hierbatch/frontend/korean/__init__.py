"""Korean front end: text normalization, standard pronunciation and phonemes."""
