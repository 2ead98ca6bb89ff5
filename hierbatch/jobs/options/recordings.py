"""Options of jobs on recordings: conversion, bandwidth extension and dubbing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from hierbatch.errors import InputError
from hierbatch.jobs.options.speech import TakeSeed
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.option import Option, OptionGroup

if TYPE_CHECKING:
    from hierbatch.jobs.dubbing.dub_output import Background


@dataclass(frozen=True, kw_only=True)
class SourceFolder(OptionGroup):
    """Folder of the recordings that a manifest names."""

    TITLE: ClassVar[str] = "Input"

    source_root: Annotated[Path | None, Option("Base folder of source paths. Default: the manifest's folder.")] = None


@dataclass(frozen=True, kw_only=True)
class ConversionSettings(TakeSeed):
    """Pitch, sample rate and bandwidth of converted recordings."""

    pitch_semitones: Annotated[
        float,
        Option(
            "Transposition in semitones, in addition to --pitch.",
            minimum=-12.0,
            maximum=12.0,
        ),
    ] = 0.0
    pitch: Annotated[
        str,
        Option(
            "target: the target voice's range. For songs: keep, the melody as it is; octave, by whole octaves "
            "towards the target; or semitones from the source."
        ),
    ] = "target"
    rate_hz: Annotated[
        int | None,
        Option("Output sample rate in Hz. Default: that of each recording.", minimum=8_000, maximum=192_000),
    ] = None
    f0: Annotated[str, Option("Pitch tracker: dio; harvest, more accurate, slower; yaapt, as in HierSpeech++.")] = "dio"
    full_band: Annotated[bool, Option("Bandwidth extension by SpeechSR for output rates above 16 kHz.")] = False


@dataclass(frozen=True, kw_only=True)
class UpsamplingSettings(OptionGroup):
    """Sample rate of upsampled recordings."""

    TITLE: ClassVar[str] = "Sound"

    rate_hz: Annotated[int, Option("24000 or 48000, for rows without rate_hz.")] = 48_000


@dataclass(frozen=True, kw_only=True)
class UpsamplingModelChoice(ModelChoice):
    """SpeechSR model, and the device it runs on."""

    TITLE: ClassVar[str] = "Sound"

    model: Annotated[str, Option("Name of a SpeechSR model, or a bundle folder.")] = "speechsr"


@dataclass(frozen=True, kw_only=True)
class DubSettings(TakeSeed):
    """Assignment of voices, segment tables and background of dubbed files."""

    voice_map: Annotated[Path | None, Option("Table that assigns voices: file, speaker, voice, key.")] = None
    segments: Annotated[
        Path | None, Option("Folder of segment tables (NAME.rttm, .csv, .srt). Default: next to the files.")
    ] = None
    track: Annotated[
        str, Option("Sound track of films: a number from 1, or a language such as kor. Default: the first.")
    ] = ""
    background: Annotated[str, Option("Audio outside speech: keep, off, or a gain in dB such as -12.")] = "keep"

    @property
    def mixing(self) -> Background:
        """Gain of the source audio outside speech.

        Raises:
            InputError: `background` is neither `keep`, `off` nor a gain in dB.
        """
        from hierbatch.jobs.dubbing.dub_output import Background

        named = {"keep": 0.0, "off": None}
        if self.background in named:
            return Background(gain_db=named[self.background])
        try:
            return Background(gain_db=float(self.background))
        except ValueError as error:
            raise InputError(
                "The background option is invalid",
                expected="keep, off, or a number of dB",
                got=self.background,
                fix="correct --background",
            ) from error
