"""Training recipes, one per phase: batches, losses and validation figures."""
