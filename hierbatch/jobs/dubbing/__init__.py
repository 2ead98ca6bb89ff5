"""Jobs on folders of recordings and films: dubbing."""
