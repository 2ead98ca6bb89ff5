"""What a model's licence forbids, said wherever the model is used."""

from __future__ import annotations

from collections.abc import Iterable

_NON_COMMERCIAL = "-NC"


def tell_licenses(licenses: Iterable[str]) -> None:
    """A line for every licence that leaves commercial use out."""
    for license_ in licenses:
        if _NON_COMMERCIAL in license_:
            print(f"Not for commercial use: {license_}")


def tell_model_licenses(model: str) -> None:
    """The same for a model by its name or folder; nothing where it is not kept as a bundle."""
    from hierbatch.errors import BundleError
    from hierbatch.models.bundle import find_bundle

    try:
        licenses = find_bundle(model).licenses
    except BundleError:
        return
    tell_licenses(licenses)
