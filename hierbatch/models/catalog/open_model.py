"""Access to a model by the name or folder of its bundle: its properties, or the loaded networks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hierbatch.models.catalog.load_failures import described_failures
from hierbatch.models.catalog.model_info import DEFAULT_UPSAMPLER, ModelInfo
from hierbatch.models.catalog.model_kinds import find_model_kind
from hierbatch.models.conversion.interface import ConversionModel
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.speech import SpeechModel
from hierbatch.models.weights.bundle import find_bundle

if TYPE_CHECKING:
    from hierbatch.models.upsampling.upsampler import Upsampler

_CPU = DevicePlacement()


def read_model_info(bundle: str | Path = "lite") -> ModelInfo:
    """Read the properties of a model for synthesis or conversion, without loading its networks.

    Raises:
        BundleError: there is no such bundle, it is for neither synthesis nor conversion, a component is missing, or
            weights are damaged.
    """
    found = find_bundle(bundle)
    return find_model_kind(found).describe(found)


def open_model(bundle: str | Path = "lite", placement: DevicePlacement = _CPU) -> SpeechModel | ConversionModel:
    """Load a model for synthesis or conversion.

    Args:
        bundle: name of a packaged or imported bundle, or a bundle's folder.
        placement: device and precision.

    Raises:
        BundleError: there is no such bundle, it is for neither synthesis nor conversion, its weights do not fit, or the
            device has too little memory.
        InputError: this machine has no such device.
    """
    found = find_bundle(bundle)
    kind = find_model_kind(found)
    with described_failures(bundle, placement):
        return kind.load(found, placement)


def open_upsampler(bundle: str | Path = DEFAULT_UPSAMPLER, placement: DevicePlacement = _CPU) -> Upsampler:
    """Open the SpeechSR of a bundle, whose networks are loaded on first use; arguments as in `open_model`.

    Raises:
        BundleError: there is no such bundle, or it has no SpeechSR; on first use, as in `open_model`.
        InputError: this machine has no such device.
    """
    from hierbatch.models.upsampling.upsampler import Upsampler  # late: torch takes seconds to import

    with described_failures(bundle, placement):
        return Upsampler.load(bundle, placement)
