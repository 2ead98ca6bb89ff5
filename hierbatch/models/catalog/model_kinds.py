"""Kinds of models for synthesis or conversion, each with the functions that describe and load its bundles.

Packages add kinds by entry points of the group `hierbatch.model_kinds`: the entry's name is the `kind` in bundle.json,
and its value a `ModelKind`. Such a package must also be installed on the machines of the workers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hierbatch.errors import BundleError
from hierbatch.models.catalog.model_info import UPSAMPLER_KIND, ModelInfo, describe_model
from hierbatch.models.hierspeechpp.files import HIERSPEECHPP_KIND
from hierbatch.plugins import load_plugin, plugin_names

if TYPE_CHECKING:
    from hierbatch.models.conversion.interface import ConversionModel
    from hierbatch.models.device_placement import DevicePlacement
    from hierbatch.models.speech import SpeechModel
    from hierbatch.models.weights.bundle import Bundle

ENTRY_POINT_GROUP = "hierbatch.model_kinds"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelKind:
    """Functions that describe and load the bundles of one kind."""

    name: str
    """The `kind` in bundle.json."""
    describe: Callable[[Bundle], ModelInfo]
    """Function that reads the properties of the model without loading it; raises BundleError if `load` would."""
    load: Callable[[Bundle, DevicePlacement], SpeechModel | ConversionModel]
    """Function that loads the model on a device; raises BundleError for weights that do not fit."""


def find_model_kind(bundle: Bundle) -> ModelKind:
    """Find the kind of a bundle.

    Raises:
        BundleError: the bundle is for bandwidth extension, or its kind is unknown.
        ProgramError: the package that adds the kind cannot be imported.
    """
    if bundle.kind in _PACKAGED:
        return _PACKAGED[bundle.kind]
    if bundle.kind == UPSAMPLER_KIND:
        raise BundleError(
            f"Model {bundle.name!r} is for bandwidth extension and neither speaks nor converts",
            expected=f"--model lite, or an imported bundle of kind {HIERSPEECHPP_KIND}",
            fix=f"use it with `hierbatch upsample --model {bundle.name}`",
        )
    added = load_plugin(ENTRY_POINT_GROUP, bundle.kind, ModelKind)
    if added is None:
        raise BundleError(
            "The bundle is of an unknown kind",
            expected=" or ".join((*_PACKAGED, *plugin_names(ENTRY_POINT_GROUP))),
            got=bundle.kind,
            fix="install the package that adds this kind, or choose another model",
        )
    return added


# Late imports: torch takes seconds, and the driver only describes models.
def _load_lite(bundle: Bundle, placement: DevicePlacement) -> SpeechModel:
    from hierbatch.models.lite.pipeline import LitePipeline

    return LitePipeline.from_bundle(bundle, placement)


def _load_hierspeechpp(bundle: Bundle, placement: DevicePlacement) -> SpeechModel | ConversionModel:
    from hierbatch.models.hierspeechpp.text_to_speech import HierSpeechPPPipeline
    from hierbatch.models.hierspeechpp.voice_conversion import HierSpeechPPConverter

    if bundle.has_component("ttv"):
        return HierSpeechPPPipeline.from_bundle(bundle, placement)
    return HierSpeechPPConverter.from_bundle(bundle, placement)


_PACKAGED: Mapping[str, ModelKind] = {
    kind.name: kind
    for kind in (
        ModelKind(name="lite", describe=describe_model, load=_load_lite),
        ModelKind(name=HIERSPEECHPP_KIND, describe=describe_model, load=_load_hierspeechpp),
    )
}
