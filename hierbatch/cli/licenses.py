"""License warnings, printed wherever a model is used."""

from __future__ import annotations

from collections.abc import Iterable

_NON_COMMERCIAL = "-NC"


def print_license_warnings(licenses: Iterable[str]) -> None:
    """Print a line for every license that excludes commercial use."""
    for license_ in licenses:
        if _NON_COMMERCIAL in license_:
            print(f"Not for commercial use: {license_}")


def print_model_license_warnings(model: str) -> None:
    """Print the license warnings of a model, given by name or bundle folder; nothing if there is no such bundle."""
    from hierbatch.errors import BundleError
    from hierbatch.models.weights.bundle import find_bundle

    try:
        licenses = find_bundle(model).licenses
    except BundleError:
        return
    print_license_warnings(licenses)
