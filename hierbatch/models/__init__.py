"""Neural models, one folder each, and the bundle that names their weights."""
