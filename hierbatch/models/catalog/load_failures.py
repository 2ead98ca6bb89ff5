"""Failures to load a model, such as too little memory on its device, as errors that name the model and the device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hierbatch.errors import BundleError, HierbatchError
from hierbatch.models.device_placement import DevicePlacement


@contextmanager
def described_failures(bundle: str | Path, placement: DevicePlacement) -> Iterator[None]:
    """Convert unexpected errors inside the context to BundleError, which names the model and the device.

    Args:
        bundle: name or folder of the bundle.
        placement: device and precision.
    """
    try:
        yield
    except HierbatchError:
        raise
    except Exception as error:  # a missing device or too little memory; the model's own message is the best description
        raise BundleError(
            f"The model {bundle} cannot be loaded on {placement}",
            got=f"{type(error).__name__}: {str(error).partition(chr(10))[0]}",
            fix="run `hierbatch doctor` to see what this machine supports, or use --device cpu",
        ) from error
