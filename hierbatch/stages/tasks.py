"""Tasks of a run: the columns that each task reads, the inputs that determine its audio, and its stage.

Packages add tasks through entry points of the group `hierbatch.tasks`: the name of the entry point is the name of the
task, and its value is a `Task`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

from hierbatch.audio.pitch_trackers import DEFAULT_TRACKER, pitch_tracker
from hierbatch.errors import InputError
from hierbatch.frontend.singing.contour import SingingStyle
from hierbatch.manifest.columns.rows import DEFAULT_DELIVERY, delivery_settings
from hierbatch.manifest.columns.schema import SPEAK_COLUMNS
from hierbatch.models.catalog.model_info import ModelInfo, read_upsampler_info
from hierbatch.models.catalog.open_model import open_model, open_upsampler, read_model_info
from hierbatch.models.conversion.interface import DEFAULT_PITCH, ConversionModel
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.singing import SingingModel
from hierbatch.models.speech import SpeechModel
from hierbatch.plugins import load_plugin, plugin_names
from hierbatch.stages.base import Stage
from hierbatch.stages.convert import Convert
from hierbatch.stages.dub import Dub
from hierbatch.stages.sing import Sing
from hierbatch.stages.sources import source_identity
from hierbatch.stages.speak import Speak
from hierbatch.stages.upsample import Upsample
from hierbatch.stages.voices import VoiceStore

ENTRY_POINT_GROUP = "hierbatch.tasks"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageConfig:
    """Parameters of a stage, as paths and names, since a worker may start on another machine."""

    model: str
    """Name or folder of the bundle."""
    placement: DevicePlacement
    voices: Path
    self_check: bool = False
    """True to compare each take with its text and prompt by the model's own encoder."""
    f0: str = DEFAULT_TRACKER
    """Pitch tracker for recordings and target voices, a key of `PITCH_TRACKERS`."""
    pitch: str = DEFAULT_PITCH
    """Treatment of the melody in a conversion, as `parse_pitch` accepts it."""
    full_band: str | None = None
    """SpeechSR bundle for bandwidth extension of conversions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Kind of processing that a run can perform."""

    name: str
    required_columns: tuple[str, ...]
    """Manifest columns that every row of a plan must have."""
    defaultable: tuple[str, ...]
    """Required columns for which the run can set a default."""
    column_defaults: Mapping[str, Any]
    """Fallback values for columns set neither by the row nor by the run."""
    run_settings: tuple[str, ...] = ()
    """Run-wide settings that determine the audio; recorded in run.json if they differ from their defaults."""
    key_columns: tuple[str, ...]
    """Columns that `identify` uses."""
    identify: Callable[[Mapping[str, Any]], dict[str, Any]]
    """Function that returns everything in a planned row that determines its audio, except voice, seed and model."""
    stage: type[Stage]
    read_model_info: Callable[[str], ModelInfo] = read_model_info
    """Function that reads, from a bundle, the properties of the model that the task uses."""
    open_stage: Callable[[StageConfig], Stage]


def find_task(name: str) -> Task:
    """Find a task by name.

    Raises:
        InputError: the task is unknown.
        ProgramError: the package that adds the task cannot be imported.
    """
    return TASKS[name] if name in TASKS else _find_added(name)


@cache  # once per row of a plan
def _find_added(name: str) -> Task:
    task = load_plugin(ENTRY_POINT_GROUP, name, Task)
    if task is None:
        known = " or ".join((*TASKS, *plugin_names(ENTRY_POINT_GROUP)))
        raise InputError(
            "Unknown task", expected=known, got=name, fix="install the package that adds it, or upgrade hierbatch"
        )
    return task


def _identify_text(row: Mapping[str, Any]) -> dict[str, Any]:
    content = {"phonemes": row["phonemes"], "language": row["language"], "params": delivery_settings(row)}
    # Rejected rows have no phonemes and would share one key; a corrected text must get another key.
    return content | {"refused": row.get("text")} if row["error_kind"] else content


def _identify_conversion(row: Mapping[str, Any]) -> dict[str, Any]:
    return source_identity(row) | {
        "params": {"pitch_semitones": round(row["pitch_semitones"], 6), "rate_hz": row["rate_hz"]}
    }


def _identify_dub(row: Mapping[str, Any]) -> dict[str, Any]:
    # A voice is identified by its recording; its name does not change the audio.
    cast = [{name: value for name, value in entry.items() if name != "voice"} for entry in row["cast"] or ()]
    return source_identity(row) | {"cast": cast}


def _identify_upsampling(row: Mapping[str, Any]) -> dict[str, Any]:
    return source_identity(row) | {"params": {"rate_hz": row["rate_hz"]}}


def _identify_song(row: Mapping[str, Any]) -> dict[str, Any]:
    transposition = row["transpose_semitones"]
    content: dict[str, Any] = {
        "song": row["song_json"],
        "params": {
            "transpose_semitones": None if transposition is None else round(transposition, 6),
            "vibrato_cents": round(row["vibrato_cents"], 3),
        },
    }
    # Rejected rows have no song and would share one key.
    return content | {"refused": [row["song"], row["lyrics"]]} if row["error_kind"] else content


def _open_sing(config: StageConfig) -> Stage:
    model = cast("SingingModel", open_model(config.model, config.placement))
    voices = VoiceStore(config.voices, model.encode_voice, min_duration_s=Convert.PROMPT_S)
    return Sing(model, voices, placement=config.placement)


def _open_speak(config: StageConfig) -> Stage:
    model = cast("SpeechModel", open_model(config.model, config.placement))
    voices = VoiceStore(config.voices, model.encode_voice, model=model)
    return Speak(model, voices, placement=config.placement, self_check=config.self_check)


def _open_convert(config: StageConfig) -> Stage:
    model = cast("ConversionModel", open_model(config.model, config.placement))
    encode = partial(model.encode_voice, track=pitch_tracker(config.f0))
    return Convert(
        model,
        VoiceStore(config.voices, encode, model=model, min_duration_s=Convert.PROMPT_S),
        placement=config.placement,
        f0=config.f0,
        pitch=config.pitch,
        full_band=config.full_band,
    )


def _open_dub(config: StageConfig) -> Stage:
    model = cast("ConversionModel", open_model(config.model, config.placement))
    voices = VoiceStore(config.voices, model.encode_voice, model=model, min_duration_s=Convert.PROMPT_S)
    return Dub(model, voices, placement=config.placement)


def _open_upsample(config: StageConfig) -> Stage:
    model = open_upsampler(config.model, config.placement)
    return Upsample(model, placement=config.placement)


SPEAK = Task(
    name="speak",
    required_columns=SPEAK_COLUMNS,
    defaultable=("voice", "language", "speed"),
    column_defaults=DEFAULT_DELIVERY,
    key_columns=("text", "phonemes", "language", "speed", *DEFAULT_DELIVERY),
    identify=_identify_text,
    stage=Speak,
    open_stage=_open_speak,
)

CONVERT = Task(
    name="convert",
    required_columns=("id", "source", "voice", "language", "seed", "pitch_semitones", "rate_hz"),
    defaultable=("voice", "pitch_semitones", "rate_hz"),
    column_defaults={"pitch_semitones": DEFAULT_DELIVERY["pitch_semitones"]},
    key_columns=("source", "source_sha256", "pitch_semitones", "rate_hz"),
    run_settings=("f0", "pitch", "full_band"),
    identify=_identify_conversion,
    stage=Convert,
    open_stage=_open_convert,
)

DUB = Task(
    name="dub",
    required_columns=("id", "source", "language", "seed", "cast"),
    defaultable=(),
    column_defaults={},
    key_columns=("source", "source_sha256", "cast"),
    identify=_identify_dub,
    stage=Dub,
    open_stage=_open_dub,
)


UPSAMPLE = Task(
    name="upsample",
    required_columns=("id", "source", "voice", "language", "seed", "rate_hz"),
    defaultable=("rate_hz",),
    column_defaults={},
    key_columns=("source", "source_sha256", "rate_hz"),
    identify=_identify_upsampling,
    stage=Upsample,
    read_model_info=read_upsampler_info,
    open_stage=_open_upsample,
)

SING = Task(
    name="sing",
    required_columns=(
        "id", "song", "lyrics", "voice", "language", "seed", "transpose_semitones", "vibrato_cents", "phonemes",
        "song_json",
    ),
    defaultable=("voice", "language", "lyrics", "transpose_semitones", "vibrato_cents"),
    column_defaults={"vibrato_cents": SingingStyle().vibrato_cents},
    key_columns=("song", "lyrics", "song_json", "transpose_semitones", "vibrato_cents"),
    identify=_identify_song,
    stage=Sing,
    open_stage=_open_sing,
)  # fmt: skip

TASKS: Mapping[str, Task] = {task.name: task for task in (SPEAK, CONVERT, DUB, UPSAMPLE, SING)}
