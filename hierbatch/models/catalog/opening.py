"""Opening of a bundle as a model of the matching class; torch is imported only then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hierbatch.models.catalog.model_info import check_kind
from hierbatch.models.hierspeechpp.files import OFFICIAL_KIND
from hierbatch.models.weights.bundle import find_bundle

if TYPE_CHECKING:
    from hierbatch.models.hierspeechpp.text_to_speech import OfficialSpeech
    from hierbatch.models.hierspeechpp.voice_conversion import OfficialConversion
    from hierbatch.models.lite.pipeline import HierSpeech


def open_model(bundle: str | Path = "lite", device: str = "cpu") -> HierSpeech | OfficialConversion | OfficialSpeech:
    """Open a speech or conversion model.

    Args:
        bundle: name of a packaged or imported bundle, or a bundle's folder.
        device: a `Placement` as a string.

    Raises:
        BundleError: no such bundle, it neither speaks nor converts, or its weights do not fit.
        InputError: this machine has no such device.
    """
    found = find_bundle(bundle)
    check_kind(found)
    if found.kind == OFFICIAL_KIND:
        from hierbatch.models.hierspeechpp.text_to_speech import OfficialSpeech
        from hierbatch.models.hierspeechpp.voice_conversion import OfficialConversion

        if found.has_component("ttv"):
            return OfficialSpeech.of_bundle(found, device)
        return OfficialConversion.of_bundle(found, device)
    from hierbatch.models.lite.pipeline import HierSpeech

    return HierSpeech.load(bundle, device)
