"""From a bundle to the model that reads its kind; torch comes in when one is opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hierbatch.errors import BundleError
from hierbatch.models.bundle import find_bundle
from hierbatch.models.official_files import OFFICIAL_KIND

if TYPE_CHECKING:
    from hierbatch.models.hierspeech import HierSpeech
    from hierbatch.models.official import OfficialConversion
    from hierbatch.models.official_speech import OfficialSpeech


def open_model(bundle: str | Path = "lite", device: str = "cpu") -> HierSpeech | OfficialConversion | OfficialSpeech:
    """The model of a packaged or imported bundle's name, or of a bundle's folder.

    Raises:
        BundleError: no such bundle, of an unknown kind, or its weights do not fit.
    """
    found = find_bundle(bundle)
    if found.kind == OFFICIAL_KIND:
        from hierbatch.models.official import OfficialConversion
        from hierbatch.models.official_speech import OfficialSpeech

        if found.has_part("ttv"):
            return OfficialSpeech.of_bundle(found, device)
        return OfficialConversion.of_bundle(found, device)
    if found.kind == "lite":
        from hierbatch.models.hierspeech import HierSpeech

        return HierSpeech.load(bundle, device)
    raise BundleError("The bundle is of an unknown kind", wanted=f"lite or {OFFICIAL_KIND}", got=found.kind)
