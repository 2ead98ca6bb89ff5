"""How the embedded models are made: features, alignment, losses, the loop."""
