"""From a bundle to the model that reads its kind; torch comes in when one is opened."""

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
    """The model of a packaged or imported bundle's name, or of a bundle's folder, where a `Placement`'s word says.

    Raises:
        BundleError: no such bundle, one that neither speaks nor converts, or its weights do not fit.
        InputError: there is no such device here.
    """
    found = find_bundle(bundle)
    check_kind(found)
    if found.kind == OFFICIAL_KIND:
        from hierbatch.models.official.conversion import OfficialConversion
        from hierbatch.models.official.speech import OfficialSpeech

        if found.has_part("ttv"):
            return OfficialSpeech.of_bundle(found, device)
        return OfficialConversion.of_bundle(found, device)
    from hierbatch.models.hierspeech import HierSpeech

    return HierSpeech.load(bundle, device)
