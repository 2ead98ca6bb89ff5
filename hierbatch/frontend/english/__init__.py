"""English front end: text normalization by ordered tables of rules, heteronyms and phonemes."""
