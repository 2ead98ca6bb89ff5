"""`hierbatch columns`: documentation of all table columns."""

from __future__ import annotations


def columns() -> None:
    """Print the documentation of all columns of manifests, voice tables and takes.

    Example: hierbatch columns > columns.md
    """
    from hierbatch.manifest.columns_page import columns_page

    print(columns_page(), end="")
