"""Voice conversion of recordings with any model."""
