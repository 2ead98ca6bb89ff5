"""One recipe a network: its batches, losses and held-out figures."""
