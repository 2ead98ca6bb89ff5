"""Options that mark delivered sound as synthetic, in addition to its tags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from hierbatch.delivery.content_credentials import Credentials
from hierbatch.errors import InputError
from hierbatch.option import Option, OptionGroup


@dataclass(frozen=True, kw_only=True)
class WatermarkChoice(OptionGroup):
    """Inaudible watermark."""

    TITLE: ClassVar[str] = "Provenance"

    watermark: Annotated[
        bool, Option("Add an inaudible watermark (extra watermark); fails if a sound cannot hold it.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class Provenance(WatermarkChoice):
    """Inaudible watermark, and a signed statement of origin."""

    TITLE: ClassVar[str] = "Provenance"

    c2pa_certificate: Annotated[
        Path | None, Option("Sign files with a C2PA manifest (extra c2pa): your certificate chain, PEM.")
    ] = None
    c2pa_key: Annotated[Path | None, Option("Private key of the certificate, PEM.")] = None
    c2pa_algorithm: Annotated[str, Option("Algorithm of the key: es256, es384, es512, ps256, ..., ed25519.")] = "es256"

    @property
    def credentials(self) -> Credentials | None:
        """Certificate and key; None without them.

        Raises:
            InputError: only one of the two is set.
        """
        if (self.c2pa_certificate is None) != (self.c2pa_key is None):
            raise InputError("Signing needs a certificate and its key", fix="pass --c2pa-certificate and --c2pa-key")
        if self.c2pa_certificate is None or self.c2pa_key is None:
            return None
        return Credentials(certificate=self.c2pa_certificate, key=self.c2pa_key, algorithm=self.c2pa_algorithm)
