"""Prepared speech for the recipes: checked against the network, with F0 every 5 ms and recordings at other rates.

Legend: T frames (50/s), C channels of the features.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.errors import InputError
from hierbatch.training.full_band import read_full_band
from hierbatch.training.hierspeechpp.full_rate_sounds import FullRateSounds, write_full_rate_sounds
from hierbatch.training.hierspeechpp.speech_data import PreparedSpeech
from hierbatch.training.perturbed_features import PerturbedFeatures, has_perturbed_features
from hierbatch.training.prepared import PreparedSet, PreparedUtterance
from hierbatch.training.splits import Split

Floats = npt.NDArray[np.float32]


class OpenedSpeech:
    """Prepared set with fallbacks for values that it lacks.

    In place of F0 every 5 ms, each value of F0 every 10 ms is used twice; in place of perturbed features, clean ones.
    """

    def __init__(self, prepared: PreparedSet, channels: int) -> None:
        self._prepared = prepared
        self.utterances = prepared.utterances
        self.audio, self.semantic = prepared.audio, prepared.semantic
        self._perturbed = None
        if has_perturbed_features(prepared.folder):
            self._perturbed = PerturbedFeatures(prepared.folder, channels)

    def split(self, split: Split) -> list[PreparedUtterance]:
        """Utterances of one split."""
        return [utterance for utterance in self.utterances if utterance.split == split]

    def perturbed_semantic(
        self, utterance: PreparedUtterance, start: int, n_frames: int | None, random: np.random.Generator
    ) -> Floats:
        """Read `n_frames` frames, from frame `start`, of a random perturbed version of an utterance. Shape: [T, C]."""
        if self._perturbed is None:
            return self.semantic(utterance, start, n_frames)
        version = int(random.integers(self._perturbed.n_versions))
        return self._perturbed.read(utterance, version, start, n_frames)

    def fine_f0_hz(self, utterance: PreparedUtterance, start: int = 0, n_frames: int | None = None) -> Floats:
        """F0 in Hz every 5 ms, 0 where unvoiced. Shape: [4 T]."""
        fine = getattr(self._prepared, "fine_f0_hz", None)
        if fine is not None:
            try:
                values: Floats = fine(utterance, start, n_frames)
            except InputError:  # a set prepared without it
                pass
            else:
                return values
        return np.repeat(self._prepared.f0_hz(utterance, start, n_frames), 2)


def open_speech(folder: Path, semantic_channels: int) -> OpenedSpeech:
    """Open a prepared set for a network.

    Args:
        folder: folder of the prepared set.
        semantic_channels: number of channels of the network's semantic input.

    Raises:
        InputError: the folder holds no prepared speech, or features of another kind.
    """
    prepared = PreparedSet(folder)
    channels = prepared.semantic(prepared.utterances[0], 0, 1).shape[1]
    if channels != semantic_channels:
        raise InputError(
            "The prepared features do not fit the network",
            expected=f"{semantic_channels} channels",
            got=f"{channels} channels in {folder}",
            fix=f"prepare the data with other --features, or set network.semantic_channels to {channels}",
        )
    return OpenedSpeech(prepared, channels)


def open_full_rate_sounds(
    data: Path, recordings: Path | None, rate_hz: int, speech: PreparedSpeech
) -> FullRateSounds | None:
    """Open the recordings of prepared speech at a rate above 16 kHz; None for 16 kHz.

    If `recordings` is set, the recordings are first converted and written to `DATA/sounds_RATE`. Utterances without a
    recording are removed from `speech`.

    Args:
        data: folder of the prepared set.
        recordings: Parquet files with the recordings, whose ids are those of the utterances; None opens the recordings
            that an earlier call wrote.
        rate_hz: sampling rate of the network.
        speech: the prepared set.

    Raises:
        InputError: `recordings` is None and no earlier call wrote any, or no prepared utterance has a recording.
    """
    if rate_hz == RATE_HZ:
        return None
    folder = data / f"sounds_{rate_hz}"
    if recordings is not None:
        wanted = {utterance.id for utterance in speech.utterances}
        found = read_full_band(recordings, rate_hz=rate_hz, min_rate_hz=min(rate_hz, 44_100), ids=wanted)
        clips = {clip.id: clip for clip in found}
        write_full_rate_sounds(folder, rate_hz, speech.utterances, lambda name: _waveform(clips.get(name)))
    if not (folder / "sounds.parquet").is_file():
        raise InputError(
            f"A synthesizer at {rate_hz} Hz needs recordings at its rate",
            expected="--recordings with Parquet files of the recordings that were prepared",
            fix="add --recordings",
        )
    sounds = FullRateSounds(folder, rate_hz)
    speech.utterances[:] = [utterance for utterance in speech.utterances if utterance.id in sounds.positions]
    if not speech.utterances:
        raise InputError("No prepared utterance has a full-band recording", got=str(recordings or folder))
    return sounds


def _waveform(clip: object) -> Waveform | None:
    return None if clip is None else clip.waveform()  # type: ignore[attr-defined]
