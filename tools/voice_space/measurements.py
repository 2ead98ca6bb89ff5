"""Measurements of clips: features of each encoded voice, prompt frames, and acoustic measures of rendered speech."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hierbatch.audio.files import read_sound
from hierbatch.audio.voice_measures import VoiceMeasures, measure_voice
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError, PromptError
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.models.lite.prompt_statistics import measure_spectrum
from hierbatch.models.lite.voice import LiteVoice
from hierbatch.models.lite.voice_space import PACE_UNIT, features_of
from hierbatch.models.speech import SpeechRequest
from hierbatch.storage import write_atomically
from tools.voice_space.clips import Clip

SENTENCE = "We were away a year ago, and nobody knew."
_CLIP_S = 7.0
_FRAMES_PER_CLIP = 120

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """Measurements of all clips.

    Shape:
        speakers     [N]       speaker of each clip
        is_check     [N]       clips that are not part of the fit
        features     [N, D]
        semantic     [N F, C]  some prompt frames of each clip
        frames       [N F, 2 M] their mel, in standard deviations about the clip's long-term spectrum
        acoustic     [N, 6]    F0, spread, effort, brightness, aperiodicity, pace of the rendered sentence; NaN if not
                               rendered: only the first clip of a speaker is
        spectra_db   [N, M]    long-term spectrum of the rendered sentence
    """

    speakers: npt.NDArray[np.str_]
    is_check: npt.NDArray[np.bool_]
    features: Floats
    semantic: Floats
    frames: Floats
    acoustic: Floats
    spectra_db: Floats

    def save(self, path: Path) -> None:
        """Write the measurements to an NPZ file."""
        with write_atomically(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **{name: getattr(self, name) for name in self.__slots__}, pace_unit=np.array(PACE_UNIT))

    @staticmethod
    def read(path: Path) -> Measurements:
        """Read a file that `save` has written.

        Raises:
            InputError: the file has the pace in another unit.
        """
        with np.load(path, allow_pickle=False) as found:
            if str(found.get("pace_unit")) != PACE_UNIT:
                raise InputError(
                    f"{path} has the pace in another unit", expected=PACE_UNIT, fix="measure the clips again"
                )
            return Measurements(**{name: found[name] for name in Measurements.__slots__})


def measure_clips(clips: Iterable[Clip], bundle: str) -> Measurements:
    """Encode each clip, and render one sentence in the voice of each speaker's first clip; skip unusable prompts."""
    pipeline = LitePipeline.load(bundle)
    phonemes = SpeechFrontEnd(versions=pipeline.frontend_versions).phonemize(SENTENCE, "en").phonemes
    rows: list[tuple[str, bool, Floats, Floats, Floats, Floats, Floats]] = []
    rendered: set[str] = set()
    generator = np.random.default_rng(0)
    for clip in clips:
        try:
            whole = read_sound(clip.content)
            voice = pipeline.encode_voice(Waveform(whole.samples[: int(_CLIP_S * whole.rate_hz)], whole.rate_hz))
        except PromptError:
            continue
        acoustic, spectrum_db = np.full(6, np.nan), np.full(voice.mel.shape[1], np.nan)
        if clip.speaker not in rendered:
            rendered.add(clip.speaker)
            (speech,) = pipeline.speak([SpeechRequest(phonemes=phonemes, language="en", voice=voice, seed=0)])
            measures = measure_voice(speech.waveform)
            acoustic = acoustic_row(measures, len(phonemes.split()))
            spectrum_db = measures.spectrum_db
        semantic, frames = _some_frames(voice, generator)
        rows.append((clip.speaker, clip.is_check, features_of(voice), semantic, frames, acoustic, spectrum_db))
        print(f"{len(rows)} {clip.speaker}", flush=True)
    speakers, is_check, features, semantics, mels, acoustics, spectra = zip(*rows, strict=True)
    return Measurements(
        speakers=np.array(speakers),
        is_check=np.array(is_check),
        features=np.stack(features),
        semantic=np.concatenate(semantics),
        frames=np.concatenate(mels),
        acoustic=np.stack(acoustics).astype(np.float32),
        spectra_db=np.stack(spectra).astype(np.float32),
    )


def acoustic_row(measures: VoiceMeasures, n_tokens: int) -> npt.NDArray[np.float64]:
    """Acoustic measures as one row; the pace is in phoneme tokens a second."""
    pace = n_tokens / max(measures.speech_s, 0.1)
    return np.array(
        [
            measures.f0_semitones, measures.f0_spread_semitones, measures.effort_db, measures.brightness_db,
            measures.aperiodicity_db, pace,
        ]
    )  # fmt: skip


def _some_frames(voice: LiteVoice, generator: np.random.Generator) -> tuple[Floats, Floats]:
    spectrum = measure_spectrum(voice.mel)
    normalized = (voice.mel - spectrum.mean) / spectrum.spread
    pairs = normalized.reshape(len(voice.semantic), -1)
    selected = generator.permutation(len(pairs))[:_FRAMES_PER_CLIP]
    return voice.semantic[selected], pairs[selected].astype(np.float32)
