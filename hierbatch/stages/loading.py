"""From the name of a model to the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import cast

from hierbatch.errors import BundleError, HierbatchError
from hierbatch.models.converter import ConversionModel
from hierbatch.models.outline import ModelOutline, outline_model, outline_upsampler
from hierbatch.models.speech import SpeechModel

DEFAULT_FACTORY = "hierbatch.models.opening:open_model"
"""Import path of a callable `(bundle, device) -> SpeechModel`."""

UPSAMPLER_FACTORY = "hierbatch.models.upsampling:Upsampler.load"
"""Import path of a callable `(bundle, device) -> Upsampler`."""

_OUTLINES: Mapping[str, Callable[[str], ModelOutline]] = {
    DEFAULT_FACTORY: outline_model,
    UPSAMPLER_FACTORY: outline_upsampler,
}


def find_outline(factory: str, bundle: str) -> ModelOutline:
    """What a model will be, for a driver, which speaks nothing itself: our own are not loaded for it.

    Raises:
        BundleError: as `load_model` does.
    """
    if factory in _OUTLINES:
        return _OUTLINES[factory](bundle)
    model = load_model(factory, bundle, "cpu")
    return ModelOutline(
        name=model.name,
        fingerprint=model.fingerprint,
        languages=model.languages,
        converts=isinstance(model, ConversionModel),
        check_prompt=model.encode_voice,
    )


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
