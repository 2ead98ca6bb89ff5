"""Preview of voices: one file per voice with a sentence of each language, and a montage of all voices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hierbatch.audio.files import write_sound
from hierbatch.audio.joining import silence
from hierbatch.audio.waveform import Waveform
from hierbatch.delivery.tags import synthetic_notice
from hierbatch.errors import InputError, RowError
from hierbatch.jobs.voices.voice_model import PREVIEW_TEXTS, VoiceModel
from hierbatch.manifest.voices.voices import VoiceRow, check_consent
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.programs import ffmpeg_program
from hierbatch.storage import write_atomically

if TYPE_CHECKING:
    from pydub import AudioSegment

MONTAGE = "montage.mp3"
_PAUSE_S = 0.4
_MONTAGE_PAUSE_MS = 800


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewVoices:
    """Voices to preview, and the folder of the files."""

    voices: tuple[VoiceRow, ...]
    out: Path
    texts: Mapping[str, str] = field(default_factory=dict)
    """Sentence by language code; the built-in sentences are used for other languages."""
    allow_unknown_consent: bool = False
    model: ModelChoice = field(default_factory=ModelChoice)


@dataclass(frozen=True, slots=True, kw_only=True)
class Previews:
    """Files of a preview by voice, and the errors of the voices that could not be used.

    `montage` is None if there is only one file.
    """

    files: Mapping[str, Path]
    montage: Path | None
    problems: Mapping[str, str]


def preview_voices(job: PreviewVoices, on_file: Callable[[Path], None] | None = None) -> Previews:
    """Synthesize one sentence of each language in each voice; a voice that cannot be used is left out.

    Args:
        job: voices, folder and model.
        on_file: function that is called with the path of each file once it is written.

    Raises:
        InputError: a consent is unknown, or no voice can be used.
        BundleError: the model cannot be loaded, or is not a Lite model.
        StorageError: the disk is full.
    """
    check_consent(job.voices, allow_unknown=job.allow_unknown_consent)
    model = VoiceModel(job.model)
    languages = [code for code in model.pipeline.languages if code in {**PREVIEW_TEXTS, **job.texts}]
    texts = [(code, {**PREVIEW_TEXTS, **job.texts}[code]) for code in languages]
    sounds: dict[str, Waveform] = {}
    problems: dict[str, str] = {}
    files: dict[str, Path] = {}
    for row in job.voices:
        try:
            sounds[row.voice] = _spoken(model, row, texts)
        except RowError as error:
            problems[row.voice] = str(error)
            continue
        files[row.voice] = job.out / f"{row.voice}.flac"
        write_sound(files[row.voice], sounds[row.voice], comment=synthetic_notice())
        if on_file:
            on_file(files[row.voice])
    if not files:
        raise InputError("No voice can be used", got=" ".join(problems.values()), fix="replace these recordings")
    montage = None
    if len(files) > 1:
        montage = job.out / MONTAGE
        _write_montage(list(sounds.values()), montage)
    return Previews(files=files, montage=montage, problems=problems)


def _spoken(model: VoiceModel, row: VoiceRow, texts: Sequence[tuple[str, str]]) -> Waveform:
    voice = model.encode(row)
    spoken = [model.speak(voice, model.phonemes(text, language), language) for language, text in texts]
    pause = silence(round(_PAUSE_S * spoken[0].rate_hz))
    blocks = [piece for sound in spoken for piece in (pause, sound.samples)][1:]
    return Waveform(np.concatenate(blocks), spoken[0].rate_hz)


def _write_montage(sounds: Sequence[Waveform], path: Path) -> None:
    """Write all previews to one MP3 file, in the order of the voices."""
    whole = None
    for sound in sounds:
        segment = _segment(sound)
        whole = segment if whole is None else whole + type(segment).silent(_MONTAGE_PAUSE_MS, sound.rate_hz) + segment
    if whole is None:
        return
    whole.converter = ffmpeg_program()  # on this object alone: `export` needs no ffmpeg on the PATH
    with write_atomically(path) as temporary:
        whole.export(temporary, format="mp3", bitrate="96k", tags={"comment": synthetic_notice()}).close()


def _segment(sound: Waveform) -> AudioSegment:
    import warnings

    with warnings.catch_warnings():  # pydub looks for ffmpeg on the PATH and warns, though it gets the packaged one
        warnings.simplefilter("ignore", RuntimeWarning)
        from pydub import AudioSegment

    data = np.round(np.clip(sound.samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
    return AudioSegment(data=data, sample_width=2, frame_rate=sound.rate_hz, channels=1)
