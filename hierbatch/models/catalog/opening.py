"""Opening of a bundle as a model of the matching class; torch is imported only then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hierbatch.models.catalog.model_info import check_kind
from hierbatch.models.hierspeechpp.files import HIERSPEECHPP_KIND
from hierbatch.models.weights.bundle import find_bundle

if TYPE_CHECKING:
    from hierbatch.models.hierspeechpp.text_to_speech import HierSpeechPPPipeline
    from hierbatch.models.hierspeechpp.voice_conversion import HierSpeechPPConverter
    from hierbatch.models.lite.pipeline import LitePipeline


def open_model(
    bundle: str | Path = "lite", device: str = "cpu"
) -> LitePipeline | HierSpeechPPConverter | HierSpeechPPPipeline:
    """Open a speech or conversion model.

    Args:
        bundle: name of a packaged or imported bundle, or a bundle's folder.
        device: a `DevicePlacement` as a string.

    Raises:
        BundleError: no such bundle, it neither speaks nor converts, or its weights do not fit.
        InputError: this machine has no such device.
    """
    found = find_bundle(bundle)
    check_kind(found)
    if found.kind == HIERSPEECHPP_KIND:
        from hierbatch.models.hierspeechpp.text_to_speech import HierSpeechPPPipeline
        from hierbatch.models.hierspeechpp.voice_conversion import HierSpeechPPConverter

        if found.has_component("ttv"):
            return HierSpeechPPPipeline.from_bundle(found, device)
        return HierSpeechPPConverter.from_bundle(found, device)
    from hierbatch.models.lite.pipeline import LitePipeline

    return LitePipeline.load(bundle, device)
