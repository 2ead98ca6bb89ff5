"""Trainer for all networks: named optimisers, exact resuming from checkpoints, curves, several processes."""
