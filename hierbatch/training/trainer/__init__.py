"""Trainer of all networks: optimisers by name, checkpoints that resume exactly, curves, several processes."""
