"""Validation of a manifest together with the voices that its rows name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from hierbatch.engine.planning import AUTO_LANGUAGE
from hierbatch.errors import InputError, ManifestError, PromptError
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.specs.error_collector import ErrorCollector
from hierbatch.jobs.specs.voices import CheckPrompt, PreparedVoices, default_voice, list_voices, prepare_some_voices
from hierbatch.manifest.cast import NARRATION
from hierbatch.manifest.checks import ManifestRequirements, check_manifest, id_notices
from hierbatch.manifest.schema import MANIFEST_COLUMNS
from hierbatch.manifest.speakers import spelling_notices
from hierbatch.manifest.store import TableFile, open_table
from hierbatch.manifest.voices import VoiceRow, check_consent

_MAX_SHOWN = 10
_NUMBERED = "The manifest has no ids: rows are named by their position, r000001 and so on; keep their order"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsAndVoices:
    """A manifest and its voices; a field is None if its check failed and the error was collected."""

    manifest: TableFile | None
    n_rows: int | None
    voices: tuple[VoiceRow, ...]
    """Voices that rows use; if the manifest cannot be read, only the default voice."""
    default: str | None
    """Voice of rows without a voice."""
    force_default_voice: bool
    """True uses the default voice for every row, whatever voice the row names."""
    notices: tuple[str, ...] = ()
    """Messages about ignored voices, missing ids, and names that differ only in case."""


def find_rows_and_voices(
    path: Path,
    choice: VoiceChoice,
    errors: ErrorCollector,
    *,
    one_of: tuple[str, ...],
    languages: Collection[str] | None = None,
    default_language: str | None = None,
    cast: Mapping[str, str] | None = None,
) -> RowsAndVoices:
    """Read a manifest and the voices of a run; errors in them, or in their combination, are added to `errors`.

    Args:
        path: the manifest.
        choice: voice selection of the run.
        errors: collector of setup errors.
        one_of: columns of which the manifest must have at least one.
        languages: languages that rows may have; None if the rows need no language.
        default_language: language of rows without one.
        cast: voice of each character, and of the narration; None if there is no cast.
    """
    manifest = errors.attempt(lambda: open_table(path, MANIFEST_COLUMNS).with_ids())
    voices = errors.attempt(lambda: list_voices(choice))
    force_default_voice = choice.voice is not None and choice.voices is None
    default = choice.default_voice if voices is None else default_voice(choice, voices) or (cast or {}).get(NARRATION)
    expected = ManifestRequirements(
        languages=languages,
        voices=None if force_default_voice or voices is None else [row.voice for row in voices],
        default_language=default_language or _detected(manifest),
        default_voice=default,
        one_of=one_of,
        needs_voice=voices is not None,
    )
    n_rows = errors.attempt(lambda: check_manifest(manifest, expected) if manifest else 0)
    in_rows = _named_voices(manifest) if manifest else set()
    in_cast = set((cast or {}).values())
    named = {default} if force_default_voice or manifest is None else {default, *in_rows, *in_cast}
    notices = _ignored_voices((in_rows | in_cast) - {None, default}) if force_default_voice else ()
    if voices is not None and not force_default_voice:
        errors.attempt(lambda: _check_cast(in_cast, [row.voice for row in voices]))
    used = tuple(row for row in voices or () if row.voice in named)
    errors.attempt(lambda: check_consent(used, allow_unknown=choice.allow_unknown_consent))
    return RowsAndVoices(
        manifest=manifest,
        n_rows=n_rows,
        voices=used,
        default=default,
        force_default_voice=force_default_voice,
        notices=(
            *notices,
            *([_NUMBERED] if manifest and manifest.is_numbered else []),
            *(id_notices(manifest) if manifest and n_rows else ()),
            *spelling_notices(used),
        ),
    )


def _detected(manifest: TableFile | None) -> str | None:
    """`auto` if the rows have texts from which their languages can be detected, otherwise None."""
    return AUTO_LANGUAGE if manifest and "text" in manifest.valid_columns else None


def _ignored_voices(names: Collection[str | None]) -> tuple[str, ...]:
    """Message about voices that rows or the cast name although one voice is used for all rows, if there are any."""
    if not names:
        return ()
    shown = ", ".join(sorted(filter(None, names))[:_MAX_SHOWN])
    return (f"The voices named by rows or by the cast are ignored, since there is no --voices table: {shown}",)


def _check_cast(names: Collection[str], known: Collection[str]) -> None:
    if unknown := sorted(set(names).difference(known)):
        raise InputError(
            "The cast names voices that the table lacks",
            expected=", ".join(sorted(known)[:_MAX_SHOWN]),
            got=", ".join(unknown[:_MAX_SHOWN]),
            fix="add them to --voices, or correct --cast",
        )


def prepare_named_voices(
    found: RowsAndVoices, choice: VoiceChoice, check_prompt: CheckPrompt, *, can_denoise: bool, errors: ErrorCollector
) -> tuple[PreparedVoices, dict[str, PromptError]]:
    """Prepare the voices that rows name, and return the errors of the others; both are empty if none can be used.

    Args:
        found: manifest and voices.
        choice: voice selection of the run.
        check_prompt: prompt check of the model.
        can_denoise: True if the model has a denoiser.
        errors: collector of setup errors.
    """
    prepared = errors.attempt(
        lambda: prepare_some_voices(
            found.voices,
            check_prompt,
            allow_unknown=True,  # checked with the rows
            denoise_ratio=choice.denoise_ratio,
            model_denoises=can_denoise,
        )
    )
    return prepared or ({}, {})


def _named_voices(manifest: TableFile) -> set[str | None]:
    """Names of the voices in the rows, including None if some rows have no voice; empty if they cannot be read."""
    if "voice" not in manifest.valid_columns:
        return set()
    with suppress(ManifestError):  # damage was already reported by the check of the rows
        return {name for rows in manifest.batches(["voice"]) for name in pc.unique(rows.column("voice")).to_pylist()}
    return set()
