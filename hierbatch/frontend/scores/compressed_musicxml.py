"""Compressed MusicXML (.mxl): a zip archive with a score."""

from __future__ import annotations

import io
import zipfile
import zlib

from hierbatch.errors import TextError
from hierbatch.frontend.scores.musicxml import FIX, parse_xml, read_musicxml
from hierbatch.frontend.scores.score import MusicScore

_MAX_UNPACKED_BYTES = 32 << 20
_MAX_MEMBERS = 1_000
_CONTAINER = "META-INF/container.xml"


def read_compressed_musicxml(content: bytes) -> MusicScore:
    """Read a compressed MusicXML file: a zip archive that names its score in META-INF/container.xml.

    Raises:
        TextError: the file is not such an archive, is damaged or too large when unpacked, or its score cannot be sung.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if len(names) > _MAX_MEMBERS:
                raise _damaged(f"{len(names)} members")
            named = parse_xml(_read(archive, _CONTAINER)).find(".//{*}rootfile") if _CONTAINER in names else None
            inside = named.get("full-path", "") if named is not None else ""
            plain = [name for name in names if name.endswith((".musicxml", ".xml")) and not name.startswith("META-INF")]
            if inside not in names and not plain:
                raise _damaged("no score inside")
            return read_musicxml(_read(archive, inside if inside in names else plain[0]))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise _damaged(str(error)) from error


def _damaged(got: str) -> TextError:
    return TextError("The .mxl file is damaged", expected="a compressed MusicXML score", got=got[:80], fix=FIX)


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        content = member.read(_MAX_UNPACKED_BYTES + 1)  # whatever size its header declares
    if len(content) > _MAX_UNPACKED_BYTES:
        raise TextError(
            "The score is too large", expected=f"at most {_MAX_UNPACKED_BYTES >> 20} MiB unpacked", got="more",
            fix="export one voice without pictures",
        )  # fmt: skip
    return content
