"""Songs as scores: notes with lyrics, and readers of the formats that people have."""
