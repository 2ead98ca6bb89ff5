"""Readers and writers of tables: Parquet, CSV and JSON Lines, with the checks of their content."""
