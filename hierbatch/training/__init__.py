"""Training of the embedded models: features, alignment, losses and the training loop."""
