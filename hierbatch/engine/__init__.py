"""Plan, units, workers, commit: every row exactly once."""
