"""Specification of a singing run: scores, voices and a model, validated before any worker starts."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from hierbatch.errors import BundleError
from hierbatch.frontend.lexicon import Lexicon
from hierbatch.jobs.options.singing import SingingSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.specs.base import ValidatedSpec, file_sha256
from hierbatch.jobs.specs.error_collector import ErrorCollector
from hierbatch.jobs.specs.recordings import folder_of
from hierbatch.jobs.specs.rows_and_voices import find_rows_and_voices, prepare_rows
from hierbatch.manifest.tables.store import TableFile
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.models.catalog.model_info import ModelInfo
from hierbatch.models.catalog.open_model import read_model_info
from hierbatch.models.singing import parse_transposition
from hierbatch.names import find_path
from hierbatch.stages.songs import ReadSongs
from hierbatch.stages.tasks import SING
from hierbatch.stages.text import front_ends


@dataclass(frozen=True, slots=True, kw_only=True)
class SingSpec:
    """Songs of a manifest, their voices and the model."""

    manifest: Path
    voices: VoiceChoice
    singing: SingingSettings = field(default_factory=SingingSettings)
    model: ModelChoice = field(default_factory=ModelChoice)

    @property
    def root(self) -> Path:
        """Base folder of the paths of scores; scores outside it are rejected."""
        return folder_of(self.manifest)

    def origin(self) -> dict[str, str]:
        """Entry `origin` in the run record: task, paths of the inputs, and the model."""
        lexicon = {"lexicon": str(self.singing.lexicon)} if self.singing.lexicon else {}
        return {
            "task": SING.name,
            "manifest": str(self.manifest),
            "songs_root": str(self.root.resolve()),
            "model": self.model.model,
            **lexicon,
        }

    def check(self) -> ValidatedSpec:
        """Validate manifest, voices, options and model; all errors are reported at once.

        If a score cannot be used, only its own row fails.

        Raises:
            InputError: the manifest or an option is invalid, or no voice can be used.
            BundleError: the model cannot be loaded, or cannot sing.
        """
        errors = ErrorCollector()
        singing = self.singing
        lexicon = errors.attempt(lambda: Lexicon.read(singing.lexicon) if singing.lexicon else None)
        model = errors.attempt(lambda: find_singing_model(self.model.model))
        transposition = errors.attempt(lambda: parse_transposition(singing.transpose))
        found = find_rows_and_voices(self.manifest, self.voices, errors, one_of=("song",))
        rows = prepare_rows(found, self.voices, model, errors)
        take_settings = rows.take_settings(
            SING,
            seed=singing.seed,
            defaults={
                "language": None if singing.language == "auto" else singing.language,
                "lyrics": singing.lyrics or None,
                "transpose_semitones": None if transposition == "octave" else transposition,
                "vibrato_cents": singing.vibrato_cents,
            },
        )
        return rows.validated(
            take_settings,
            read=ReadSongs(self.root, front_ends(lexicon, rows.model.frontend_versions), rows.unusable),
            inputs={
                "songs": _songs_state(rows.manifest, self.root),
                "lexicon_sha256": file_sha256(singing.lexicon) if singing.lexicon else None,
            },
        )


def find_singing_model(name: str) -> ModelInfo:
    """Read the properties of a singing model, given the name or folder of its bundle.

    Raises:
        BundleError: the model does not exist or cannot sing.
    """
    model = read_model_info(name)
    if not model.can_sing:
        raise BundleError(
            "The model cannot sing", expected="a Lite model", got=model.name, fix="choose another with --model"
        )
    return model


def _songs_state(manifest: TableFile, root: Path) -> str:
    """Hash of the paths, sizes and modification times of all scores: a changed score is a changed input."""
    digest = hashlib.sha256()
    for rows in manifest.batches(["song"]):
        for path in filter(None, rows.column("song").to_pylist()):
            try:
                found = os.stat(find_path(root / path))
                state = f"{found.st_size} {found.st_mtime_ns}"
            except (OSError, ValueError):
                state = "missing"
            digest.update(f"{path}\0{state}\n".encode())
    return digest.hexdigest()
