"""Execution engine: planning, work units, workers and commits."""
