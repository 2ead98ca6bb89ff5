"""The steps a worker runs: columns in, columns out."""
