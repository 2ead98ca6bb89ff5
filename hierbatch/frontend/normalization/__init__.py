"""Written text to spoken words, one language a file family; every rule is a row of an ordered table."""
