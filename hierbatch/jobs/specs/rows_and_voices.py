"""Validation of a manifest together with the voices that its rows name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow.compute as pc

from hierbatch.engine.planning import AUTO_LANGUAGE, TakeSettings
from hierbatch.errors import InputError, ManifestError, PromptError
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.specs.base import ValidatedSpec
from hierbatch.jobs.specs.error_collector import ErrorCollector
from hierbatch.jobs.specs.voices import (
    CheckPrompt,
    PreparedVoices,
    accept_any_prompt,
    default_voice,
    list_voices,
    other_model_notices,
    prepare_some_voices,
)
from hierbatch.manifest.books.cast import NARRATION
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS
from hierbatch.manifest.tables.checks import ManifestRequirements, check_manifest, column_notices, id_notices
from hierbatch.manifest.tables.store import TableFile, open_table
from hierbatch.manifest.voices.speakers import spelling_notices
from hierbatch.manifest.voices.voices import VoiceRow, check_consent
from hierbatch.models.catalog.model_info import ModelInfo
from hierbatch.stages.base import Stage
from hierbatch.stages.tasks import Task

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
    """True to use the default voice for every row, whatever voice the row names."""
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
        notices=(*notices, *(_manifest_notices(manifest, n_rows) if manifest else ()), *spelling_notices(used)),
    )


def _manifest_notices(manifest: TableFile, n_rows: int | None) -> tuple[str, ...]:
    numbered = [_NUMBERED] if manifest.is_numbered else []
    return (*numbered, *column_notices(manifest.schema.names), *(id_notices(manifest) if n_rows else ()))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRows:
    """A valid manifest with the prepared voices of its rows, and the model."""

    manifest: TableFile
    n_rows: int
    model: ModelInfo
    prompts: PreparedVoices
    unusable: Mapping[str, PromptError]
    """Errors of the voices that cannot be used; only the rows that name them fail."""
    found: RowsAndVoices

    def take_settings(
        self,
        task: Task,
        *,
        seed: int,
        defaults: Mapping[str, Any],
        run_settings: Mapping[str, str] = MappingProxyType({}),
        cast: Mapping[str, str] = MappingProxyType({}),
    ) -> TakeSettings:
        """Create the take settings of a task with these voices and this model.

        Args:
            task: task of the run.
            seed: seed of the run.
            defaults: values for rows without one, by column; the default of `voice` is added.
            run_settings: settings of the run that are part of the take key.
            cast: voices of characters.
        """
        return TakeSettings(
            task=task.name,
            defaults={"voice": self.found.default, **defaults},
            seed=seed,
            voice_sha256={name: prompt.sha256 for name, (_, prompt) in self.prompts.items()},
            fingerprint=self.model.fingerprint,
            force_default_voice=self.found.force_default_voice,
            run_settings=dict(run_settings),
            cast=dict(cast),
        )

    def validated(
        self, take_settings: TakeSettings, *, read: Stage, inputs: dict[str, str | None], notices: Sequence[str] = ()
    ) -> ValidatedSpec:
        """Create the validated specification of these rows.

        Args:
            take_settings: settings that determine the takes.
            read: stage that turns the text or recording of a row into the input of a worker.
            inputs: hashes of the inputs other than the manifest, by name.
            notices: further messages about rows.
        """
        return ValidatedSpec(
            manifest=self.manifest,
            n_rows=self.n_rows,
            prompts=self.prompts,
            take_settings=take_settings,
            model=self.model.name,
            read=read,
            inputs=inputs,
            row_notices=(
                *self.found.notices,
                *other_model_notices(self.prompts, self.model),
                *map(str, self.unusable.values()),
                *notices,
            ),
        )


def prepare_rows(
    found: RowsAndVoices,
    choice: VoiceChoice,
    model: ModelInfo | None,
    errors: ErrorCollector,
    check_prompt: CheckPrompt | None = None,
) -> PreparedRows:
    """Prepare the voices that rows name, then raise all errors collected so far.

    Args:
        found: manifest and voices.
        choice: voice selection of the run.
        model: properties of the model; None if reading them failed.
        errors: collector of setup errors.
        check_prompt: function that checks a prompt; by default that of the model.

    Raises:
        SetupError: a step of the validation has failed.
    """
    prepared = errors.attempt(
        lambda: prepare_some_voices(
            found.voices,
            check_prompt or (model.check_prompt if model else accept_any_prompt),
            allow_unknown=True,  # checked with the rows
            denoise_ratio=choice.denoise_ratio,
            model_denoises=bool(model and model.can_denoise),
        )
    )
    errors.raise_any()
    assert found.manifest  # raise_any() has raised otherwise; the same holds below
    assert found.n_rows
    assert model
    prompts, unusable = prepared or ({}, {})
    return PreparedRows(
        manifest=found.manifest, n_rows=found.n_rows, model=model, prompts=prompts, unusable=unusable, found=found
    )


def _named_voices(manifest: TableFile) -> set[str | None]:
    """Names of the voices in the rows, including None if some rows have no voice; empty if the rows cannot be read."""
    if "voice" not in manifest.valid_columns:
        return set()
    with suppress(ManifestError):  # damage was already reported by the check of the rows
        return {name for rows in manifest.batches(["voice"]) for name in pc.unique(rows.column("voice")).to_pylist()}
    return set()
