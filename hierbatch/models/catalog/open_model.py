"""Loading of models by factory and bundle name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import cast

from hierbatch.errors import BundleError, HierbatchError
from hierbatch.models.catalog.model_info import ModelInfo, read_model_info, read_upsampler_info
from hierbatch.models.conversion.interface import ConversionModel
from hierbatch.models.speech import SpeechModel

DEFAULT_FACTORY = "hierbatch.models.catalog.opening:open_model"
"""Import path of a callable `(bundle, device) -> SpeechModel`."""

UPSAMPLER_FACTORY = "hierbatch.models.upsampling.upsampler:Upsampler.load"
"""Import path of a callable `(bundle, device) -> Upsampler`."""

_INFO_READERS: Mapping[str, Callable[[str], ModelInfo]] = {
    DEFAULT_FACTORY: read_model_info,
    UPSAMPLER_FACTORY: read_upsampler_info,
}


def find_model_info(factory: str, bundle: str) -> ModelInfo:
    """Properties of a model, for the driver; hierbatch's own models are not loaded for this.

    Raises:
        BundleError: see `load_model`.
    """
    if factory in _INFO_READERS:
        return _INFO_READERS[factory](bundle)
    model = load_model(factory, bundle, "cpu")
    return ModelInfo(
        name=model.name,
        fingerprint=model.fingerprint,
        languages=model.languages,
        can_convert=isinstance(model, ConversionModel),
        check_prompt=model.encode_voice,
    )


def load_model(factory: str, bundle: str, device: str) -> SpeechModel:
    """Load a model.

    Args:
        factory: import path `module:attribute` of a callable `(bundle, device)`.
        bundle: name or path of a bundle.
        device: a `Placement` as text.

    Raises:
        BundleError: the factory does not exist, the weights do not match, or the device has too little memory.
    """
    module, _, attributes = factory.partition(":")
    try:
        loader = import_module(module)
        for attribute in attributes.split("."):
            loader = getattr(loader, attribute)
    except (ImportError, AttributeError) as error:
        raise BundleError(
            f"The model factory {factory} cannot be imported", got=str(error), fix="check the import path"
        ) from error
    try:
        return cast("SpeechModel", loader(bundle, device))  # type: ignore[operator]
    except HierbatchError:
        raise
    except Exception as error:  # a missing device or too little memory; the model's own message is the best description
        raise BundleError(
            f"The model {bundle} cannot be loaded on {device}",
            got=f"{type(error).__name__}: {str(error).partition(chr(10))[0]}",
            fix="run `hierbatch doctor` to see what this machine supports, or use --device cpu",
        ) from error
