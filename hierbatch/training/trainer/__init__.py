"""Trainer for all networks: named optimizers, exact resuming from checkpoints, curves, several processes."""
