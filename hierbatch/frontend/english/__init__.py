"""English front end: text normalisation by ordered tables of rules, heteronyms and phonemes."""
