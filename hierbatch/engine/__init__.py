"""Execution engine: planning, work units, workers and commits; each row is processed exactly once."""
