"""Settings of a prepared set, stored in its `prepared.json`: features and F0."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from hierbatch.errors import InputError
from hierbatch.json_object import parse_json_object
from hierbatch.storage import write_atomically
from hierbatch.training.semantics import SEMANTIC_CHANNELS
from hierbatch.training.speech_features import FeatureInfo

_FILE = "prepared.json"
_VERSION = 1
TEACHER_FEATURES = FeatureInfo(name="whisper", channels=SEMANTIC_CHANNELS, license="MIT")
"""Projected features of a Whisper encoder; sets without `prepared.json` have these features."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSettings:
    """Settings that determine the arrays of a prepared set, and are the same for all its shards."""

    features: FeatureInfo = TEACHER_FEATURES
    pitch_tracker: str = "dio"
    has_fine_f0: bool = False
    """True if F0 is also stored every 5 ms."""


def read_settings(folder: Path) -> PreparedSettings | None:
    """Read the settings of a prepared set; None for a set of an earlier version, which has no settings.

    Raises:
        InputError: the file is damaged or was written by a newer version.
    """
    path = folder / _FILE
    if not path.is_file():
        return None
    try:
        values = parse_json_object(path.read_bytes())
        version = values.pop("version")
        if version > _VERSION:
            raise InputError(
                f"{path} was written by a newer hierbatch", expected=str(_VERSION), got=str(version), fix="upgrade"
            )
        features = FeatureInfo(**values.pop("features"))
        return PreparedSettings(features=features, **values)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} cannot be read",
            expected="the settings of a prepared set",
            got=f"{type(error).__name__}: {error}",
            fix="prepare the data into another folder",
        ) from error


def write_settings(folder: Path, settings: PreparedSettings) -> None:
    """Write the settings of a new set, or check that those of an existing set are equal.

    Raises:
        InputError: the folder was prepared with other settings, or its settings cannot be read.
    """
    existing = read_settings(folder)
    if existing is None:
        if any(folder.glob("*/index.parquet")):
            existing = PreparedSettings()
        else:
            folder.mkdir(parents=True, exist_ok=True)
            with write_atomically(folder / _FILE) as temporary:
                values = {"version": _VERSION, **asdict(settings)}
                temporary.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
            return
    if existing != settings:
        different = [f.name for f in fields(settings) if getattr(existing, f.name) != getattr(settings, f.name)]
        raise InputError(
            f"{folder} was prepared with other settings",
            expected="; ".join(f"{name}: {getattr(existing, name)}" for name in different),
            got="; ".join(f"{name}: {getattr(settings, name)}" for name in different),
            fix="use the same settings, or another folder as --out",
        )


def check_features(folder: Path, settings: PreparedSettings, channels: int) -> None:
    """Check that a network with `channels` input channels can be trained on the set in `folder`.

    Raises:
        InputError: the features do not have `channels` channels.
    """
    if settings.features.channels != channels:
        raise InputError(
            f"The features of {folder} do not fit the network",
            expected=f"{channels} channels",
            got=f"{settings.features.channels} of {settings.features.name}",
            fix="prepare the data with other --features, or change the size of the network",
        )
