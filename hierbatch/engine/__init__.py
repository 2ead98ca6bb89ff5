"""Execution engine: planning, work units, workers and commits; each row has one committed result."""
