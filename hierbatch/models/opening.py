"""Opening of a bundle as a model of the matching class; torch is imported only then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hierbatch.models.bundle import find_bundle
from hierbatch.models.official.files import OFFICIAL_KIND
from hierbatch.models.outline import check_kind

if TYPE_CHECKING:
    from hierbatch.models.hierspeech import HierSpeech
    from hierbatch.models.official.conversion import OfficialConversion
    from hierbatch.models.official.speech import OfficialSpeech


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
        from hierbatch.models.official.conversion import OfficialConversion
        from hierbatch.models.official.speech import OfficialSpeech

        if found.has_component("ttv"):
            return OfficialSpeech.of_bundle(found, device)
        return OfficialConversion.of_bundle(found, device)
    from hierbatch.models.hierspeech import HierSpeech

    return HierSpeech.load(bundle, device)
