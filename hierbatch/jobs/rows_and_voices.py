"""The rows of a manifest and the voices they are made in, checked against each other."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from hierbatch.errors import ManifestError
from hierbatch.jobs.problems import Problems
from hierbatch.jobs.voices import VoiceChoice, default_voice, list_voices
from hierbatch.manifest.checks import Expected, check_manifest
from hierbatch.manifest.schema import MANIFEST_COLUMNS
from hierbatch.manifest.store import TableFile, open_table
from hierbatch.manifest.voices import VoiceRow, check_consent


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsAndVoices:
    """Rows and their voices; without a manifest or rows where these are wrong, which `Problems` then knows of."""

    manifest: TableFile | None
    n_rows: int | None
    voices: tuple[VoiceRow, ...]
    """Those that rows are made in; of a manifest that cannot be read, the default alone."""
    default: str | None
    """Voice of rows that name none."""
    one_voice: bool
    """Whether every row is made in the default voice, whatever voice it names."""


def find_rows_and_voices(
    path: Path,
    choice: VoiceChoice,
    problems: Problems,
    *,
    one_of: tuple[str, ...],
    languages: Collection[str] | None = None,
    default_language: str | None = None,
) -> RowsAndVoices:
    """Read a manifest and the voices of a run; what is wrong with either, or between them, goes to `problems`.

    Args:
        path: the manifest.
        choice: the voices.
        problems: gathers what is wrong.
        one_of: columns of which the manifest must have one.
        languages: those that rows may be in; None where none needs to be named.
        default_language: that of rows that name none.
    """
    manifest = problems.attempt(lambda: open_table(path, MANIFEST_COLUMNS))
    voices = problems.attempt(lambda: list_voices(choice))
    one_voice = choice.file is not None
    default = choice.default if voices is None else default_voice(choice, voices)
    expected = Expected(
        languages=languages,
        voices=None if one_voice or voices is None else [row.voice for row in voices],
        default_language=default_language,
        default_voice=default,
        one_of=one_of,
        needs_voice=voices is not None,
    )
    n_rows = problems.attempt(lambda: check_manifest(manifest, expected) if manifest else 0)
    named = {default} if one_voice or manifest is None else {default, *_named_voices(manifest)}
    used = tuple(row for row in voices or () if row.voice in named)
    problems.attempt(lambda: check_consent(used, allow_unknown=choice.allow_unknown_consent))
    return RowsAndVoices(manifest=manifest, n_rows=n_rows, voices=used, default=default, one_voice=one_voice)


def _named_voices(manifest: TableFile) -> set[str | None]:
    """Voices that rows name, as far as they can be read; None among them where some name none."""
    if "voice" not in manifest.fitting:
        return set()
    with suppress(ManifestError):  # what is damaged was told by whoever checked the rows
        return {name for rows in manifest.batches(["voice"]) for name in pc.unique(rows.column("voice")).to_pylist()}
    return set()
