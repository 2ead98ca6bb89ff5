"""Manifests, plans and takes, and the Parquet files that store them."""
