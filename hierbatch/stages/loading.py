"""From the name of a model to the model."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from hierbatch.errors import BundleError, HierbatchError
from hierbatch.models.speech import SpeechModel

DEFAULT_FACTORY = "hierbatch.models.opening:open_model"
"""Import path of a callable `(bundle, device) -> SpeechModel`."""


def load_model(factory: str, bundle: str, device: str) -> SpeechModel:
    """The model that a factory makes of a bundle.

    Raises:
        BundleError: there is no such factory, the weights do not fit, or the device has no room for them.
    """
    module, _, attributes = factory.partition(":")
    try:
        made = import_module(module)
        for attribute in attributes.split("."):
            made = getattr(made, attribute)
    except (ImportError, AttributeError) as error:
        raise BundleError(f"The model {factory} cannot be found", got=str(error)) from error
    try:
        return cast("SpeechModel", made(bundle, device))  # type: ignore[operator]
    except HierbatchError:
        raise
    except Exception as error:  # a missing device or a full one; what the model says is all there is to tell
        raise BundleError(
            f"The model {bundle} cannot be loaded on {device}",
            got=f"{type(error).__name__}: {str(error).partition(chr(10))[0]}",
            mend="`hierbatch doctor` tells what this machine has; --device cpu needs nothing else",
        ) from error
