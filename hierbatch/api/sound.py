"""Sounds of the Python API: samples with their rate and word times, a player in Jupyter, and export to files.

Legend: L samples.
"""

from __future__ import annotations

import base64
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from hierbatch.audio.channels import ChannelMeter
from hierbatch.audio.files import encode_sound, read_sound, write_sound
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.delivery.content_credentials import check_can_sign
from hierbatch.delivery.sealing import open_watermarker, seal_files
from hierbatch.delivery.tags import synthetic_notice
from hierbatch.errors import InputError, SourceError
from hierbatch.jobs.options.provenance import Provenance
from hierbatch.object_path import local_path
from hierbatch.option import flatten_options
from hierbatch.programs import ffmpeg_program
from hierbatch.storage import replace_file, staging_folder

if TYPE_CHECKING:
    from pydub import AudioSegment

FILE_FORMATS: Mapping[str, tuple[str, str]] = {
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".ogg": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
}
"""Container and codec, as libsndfile names them, for each file suffix that `Sound.save` supports."""


@dataclass(frozen=True, slots=True)
class Word:
    """Spoken word with its start and end in the sound, in seconds."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Sound:
    """Mono sound, full scale at +-1.

    Shape:
        samples  [L]  float32
    """

    samples: Samples
    rate_hz: int
    words: tuple[Word, ...] = ()
    """Spoken words with their times; empty for conversions and upsampled recordings."""
    is_synthetic: bool = True
    """True for the output of a model; a comment in files of such sounds states that the speech is synthetic."""

    def __repr__(self) -> str:
        return f"Sound({self.duration_s:.2f} s, {self.rate_hz} Hz, {len(self.words)} words)"

    @property
    def duration_s(self) -> float:
        """Duration in seconds."""
        return len(self.samples) / self.rate_hz

    @property
    def waveform(self) -> Waveform:
        """The sound as a `Waveform`, the type that the functions of `hierbatch.audio` accept."""
        return Waveform(self.samples, self.rate_hz)

    @flatten_options
    def save(self, path: str | Path, *, provenance: Provenance) -> Path:
        """Write a sound file atomically, in the format of its suffix (`FILE_FORMATS`), and return its path.

        Args:
            path: file to create or replace.
            provenance: watermark and signature.

        Raises:
            InputError: the suffix is unknown, the format cannot store the sample rate, or the certificate is unusable.
            ProgramError: the package of the watermark or the signature is missing.
            RunError: the watermark is not found in the file, which is then not written.
            StorageError: the disk is full or read-only.
        """
        path = Path(path)
        credentials, watermarker = provenance.credentials, open_watermarker(is_asked=provenance.watermark)
        if credentials:
            check_can_sign([path.name], credentials)
        if not watermarker and not credentials:
            return self._write(path)
        marked = replace(self, samples=watermarker.mark(self.waveform).samples) if watermarker else self
        with staging_folder(path.parent) as folder:
            file = marked._write(folder / path.name)
            seal_files([file], watermarker, credentials, path.stem)
            replace_file(file, path)
        return path

    def _write(self, path: Path) -> Path:
        if path.suffix.lower() not in FILE_FORMATS:
            raise InputError(
                "Unknown sound format",
                expected=" ".join(FILE_FORMATS),
                got=repr(path.name),
                fix="change the suffix of the file",
            )
        container, codec = FILE_FORMATS[path.suffix.lower()]
        sound = Waveform(np.clip(self.samples, -1.0, 1.0), self.rate_hz)
        comment = synthetic_notice() if self.is_synthetic else ""
        try:
            write_sound(path, sound, container=container, codec=codec, comment=comment)
        except soundfile.LibsndfileError as error:
            raise InputError(
                f"{path.suffix} cannot store {self.rate_hz} Hz",
                expected="a .wav, .flac or .mp3 file",
                got=error.error_string,
                fix="choose another format",
            ) from error
        return path

    def to_pydub(self) -> AudioSegment:
        """Convert to a pydub `AudioSegment` (16 bit, mono)."""
        segment = _audio_segment_class()(
            data=np.round(np.clip(self.samples, -1.0, 1.0) * 32767).astype("<i2").tobytes(),
            sample_width=2,
            frame_rate=self.rate_hz,
            channels=1,
        )
        segment.converter = ffmpeg_program()  # on this object alone: `export` needs no ffmpeg on the PATH
        return segment

    @classmethod
    def from_pydub(cls, segment: AudioSegment) -> Sound:
        """Create a mono sound from the channels of a pydub `AudioSegment` that hold speech, as from a file."""
        n_channels, full_scale = segment.channels, np.float32(1 << (8 * segment.sample_width - 1))
        channels = np.asarray(segment.get_array_of_samples(), np.float32).reshape(-1, n_channels) / full_scale
        meter = ChannelMeter(segment.frame_rate, n_channels)
        meter.push(channels)
        samples = np.array(meter.scan().mix.mono(channels))
        return cls(samples=samples, rate_hz=segment.frame_rate, is_synthetic=False)

    @classmethod
    def from_waveform(cls, waveform: Waveform, words: tuple[Word, ...] = ()) -> Sound:
        """Create a sound from the output of a model, with the times of its words."""
        return cls(samples=waveform.samples, rate_hz=waveform.rate_hz, words=words)

    def _repr_html_(self) -> str:
        content = base64.b64encode(encode_sound(self.waveform)).decode("ascii")
        return f'<audio controls src="data:audio/flac;base64,{content}"></audio>'


Recording = str | Path | bytes | Sound | Waveform
"""Recording to process: a path, the bytes of an encoded file, or a sound in memory.

Functions that take a recording also accept a pydub `AudioSegment`.
"""


def as_waveform(recording: Recording | AudioSegment, *, name: str = "") -> Waveform:
    """Read a recording as a mono waveform at its own sampling rate.

    Args:
        recording: a path, the bytes of an encoded file, a `Sound`, a `Waveform` or a pydub `AudioSegment`.
        name: name of the recording in error messages, used for bytes only.

    Raises:
        SourceError: the recording is empty or is not a readable sound file.
    """
    if isinstance(recording, Sound):
        return recording.waveform
    if isinstance(recording, Waveform):
        return recording
    if isinstance(recording, str | Path):
        return read_sound(local_path(recording), raises=SourceError)
    if isinstance(recording, bytes):
        return read_sound(recording, name=name or "The recording", raises=SourceError)
    return Sound.from_pydub(recording).waveform


def _audio_segment_class() -> type[AudioSegment]:
    with warnings.catch_warnings():  # pydub looks for ffmpeg on the PATH and warns, though it gets the packaged one
        warnings.simplefilter("ignore", RuntimeWarning)
        from pydub import AudioSegment

    result: type[AudioSegment] = AudioSegment
    return result
