"""Golden checks of each network: how a case is run, and the tolerance of each output."""
