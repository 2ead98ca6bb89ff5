"""Models: their networks, the bundles that hold the weights, and the interfaces for synthesis and conversion."""
