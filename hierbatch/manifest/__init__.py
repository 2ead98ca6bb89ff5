"""Rows and the Parquet files they stand in."""
