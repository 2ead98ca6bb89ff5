"""The kinds of work a run can do: what each reads of a row, what its sound depends on, and the stage that does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hierbatch.audio.pitch_trackers import EVERY_DAY, pitch_tracker
from hierbatch.errors import InputError
from hierbatch.manifest.rows import DELIVERY, sound_params
from hierbatch.manifest.schema import SPOKEN
from hierbatch.models.converter import ConversionModel
from hierbatch.stages.base import Stage
from hierbatch.stages.convert import Convert
from hierbatch.stages.dub import Dub
from hierbatch.stages.loading import load_model
from hierbatch.stages.sources import identify_source
from hierbatch.stages.speak import Speak
from hierbatch.stages.upsample import Upsample
from hierbatch.stages.voices import VoiceShelf

if TYPE_CHECKING:
    from hierbatch.models.upsampling import Upsampler


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a worker opens its stage with: paths and names, since it may start on another machine."""

    bundle: str
    model_factory: str
    voices: Path
    device: str
    hears: bool = False
    """Whether the model listens to its own takes."""
    f0: str = EVERY_DAY
    """What finds the pitch of recordings and of their target voices, one of `PITCH_TRACKERS`."""
    full_band: str | None = None
    """The SpeechSR that conversions get their top from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One kind of work."""

    name: str
    settled: tuple[str, ...]
    """Manifest columns that a plan fills in for every row."""
    defaulted: tuple[str, ...]
    """Those of them that a run may have a default for."""
    unasked: Mapping[str, Any]
    """Values of columns that neither a row nor the run speaks of."""
    chosen: tuple[str, ...] = ()
    """Settings of a whole run that the sound depends on, and that stand in its record where they are not the usual."""
    keyed: tuple[str, ...]
    """Columns of a row that `identify` looks at."""
    identify: Callable[[Mapping[str, Any]], dict[str, Any]]
    """Everything in a planned row that its sound depends on, beside its voice, its seed and the model."""
    stage: type[Stage]
    open_stage: Callable[[Tools], Stage]


def task_named(name: str) -> Task:
    """The task of a run's record or of a worker's orders.

    Raises:
        InputError: there is none of that name.
    """
    if name not in TASKS:
        raise InputError("The task is not known", wanted=" or ".join(TASKS), got=name, mend="upgrade hierbatch")
    return TASKS[name]


def _identify_text(row: Mapping[str, Any]) -> dict[str, Any]:
    content = {"phonemes": row["phonemes"], "lang": row["lang"], "params": sound_params(row)}
    # Without phonemes, refused rows would all be one; a mended text must be another row.
    return content | {"refused": row.get("text")} if row["error_kind"] else content


def _identify_conversion(row: Mapping[str, Any]) -> dict[str, Any]:
    return identify_source(row) | {
        "params": {"pitch_semitones": round(row["pitch_semitones"], 6), "rate_hz": row["rate_hz"]}
    }


def _identify_dub(row: Mapping[str, Any]) -> dict[str, Any]:
    # A voice is known by its recording; what it is called changes no sound.
    cast = [{name: value for name, value in entry.items() if name != "voice"} for entry in row["cast"] or ()]
    return identify_source(row) | {"cast": cast}


def _identify_upsampling(row: Mapping[str, Any]) -> dict[str, Any]:
    return identify_source(row) | {"params": {"rate_hz": row["rate_hz"]}}


def _open_speak(tools: Tools) -> Stage:
    model = load_model(tools.model_factory, tools.bundle, tools.device)
    return Speak(model, VoiceShelf(tools.voices, model.encode_voice), device=tools.device, hears=tools.hears)


def _open_convert(tools: Tools) -> Stage:
    model = cast("ConversionModel", load_model(tools.model_factory, tools.bundle, tools.device))
    encode = partial(model.encode_voice, track=pitch_tracker(tools.f0))
    return Convert(
        model,
        VoiceShelf(tools.voices, encode, repeat_to_s=Convert.PROMPT_S),
        device=tools.device,
        f0=tools.f0,
        full_band=tools.full_band,
    )


def _open_dub(tools: Tools) -> Stage:
    model = cast("ConversionModel", load_model(tools.model_factory, tools.bundle, tools.device))
    return Dub(model, VoiceShelf(tools.voices, model.encode_voice, repeat_to_s=Convert.PROMPT_S), device=tools.device)


def _open_upsample(tools: Tools) -> Stage:
    model = cast("Upsampler", load_model(tools.model_factory, tools.bundle, tools.device))
    return Upsample(model, device=tools.device)


SPEAK = Task(
    name="speak",
    settled=SPOKEN,
    defaulted=("voice", "lang", "speed"),
    unasked=DELIVERY,
    keyed=("text", "phonemes", "lang", "speed", *DELIVERY),
    identify=_identify_text,
    stage=Speak,
    open_stage=_open_speak,
)

CONVERT = Task(
    name="convert",
    settled=("id", "source", "voice", "lang", "seed", "pitch_semitones", "rate_hz"),
    defaulted=("voice", "pitch_semitones", "rate_hz"),
    unasked={"pitch_semitones": DELIVERY["pitch_semitones"]},
    keyed=("source", "source_sha256", "pitch_semitones", "rate_hz"),
    chosen=("f0", "full_band"),
    identify=_identify_conversion,
    stage=Convert,
    open_stage=_open_convert,
)

DUB = Task(
    name="dub",
    settled=("id", "source", "lang", "seed", "cast"),
    defaulted=(),
    unasked={},
    keyed=("source", "source_sha256", "cast"),
    identify=_identify_dub,
    stage=Dub,
    open_stage=_open_dub,
)


UPSAMPLE = Task(
    name="upsample",
    settled=("id", "source", "voice", "lang", "seed", "rate_hz"),
    defaulted=("rate_hz",),
    unasked={},
    keyed=("source", "source_sha256", "rate_hz"),
    identify=_identify_upsampling,
    stage=Upsample,
    open_stage=_open_upsample,
)

TASKS: Mapping[str, Task] = {task.name: task for task in (SPEAK, CONVERT, DUB, UPSAMPLE)}
