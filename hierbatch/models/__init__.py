"""Neural networks, one folder per model, and the bundles that hold their weights."""
