"""`hierbatch columns`: what every column of every table means."""

from __future__ import annotations


def columns() -> None:
    """Print the page that explains the columns of manifests, voices tables and takes."""
    from hierbatch.manifest.columns_page import columns_page

    print(columns_page(), end="")
