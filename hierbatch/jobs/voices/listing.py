"""List voices with their consent, license, and the measures of their recordings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hierbatch.audio.files import read_sound
from hierbatch.audio.pitch import estimate_f0, median_f0_hz
from hierbatch.audio.quality import measure_take
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.errors import PromptError
from hierbatch.jobs.options.finetune import PROMPT_FILE
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.specs.voices import list_voices
from hierbatch.manifest.voices.voice_file import is_voice_file, parse_voice_file, recording_of
from hierbatch.manifest.voices.voices import VoiceRow
from hierbatch.models.weights.bundle import list_bundles

RECORDING = "recording"
_MAX_MEASURED_S = 15.0
_REGISTERS_HZ = ((125.0, "low"), (165.0, "medium low"), (200.0, "medium high"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedVoice:
    """One voice of a list; measures are None if the recording cannot be read, and `problem` contains the reason."""

    voice: str
    origin: str
    """`recording`, or the origin of a voice file."""
    consent: str
    license: str | None
    language: str | None
    duration_s: float | None = None
    median_f0_hz: float | None = None
    signal_to_noise_db: float | None = None
    problem: str = ""

    @property
    def register(self) -> str:
        """Register of the voice, such as `high`, by the median F0; empty if the median is unknown."""
        if self.median_f0_hz is None:
            return ""
        return next((name for limit, name in _REGISTERS_HZ if self.median_f0_hz < limit), "high")


def voices_at(path: Path, consent: str = "unknown") -> tuple[VoiceRow, ...]:
    """Voices of a table, a folder (of recordings and voice files, or of a fine-tuned model), or one file.

    Raises:
        InputError: there are no voices, or the table is invalid.
    """
    if (path / "bundle.json").is_file():
        path = path / PROMPT_FILE  # other recordings in the folder are training data
    is_single = path.is_file() and path.suffix.lower() not in (".csv", ".parquet", ".jsonl")
    return list_voices(
        VoiceChoice(voice=path if is_single else None, voices=None if is_single else path, consent=consent)
    )


def describe_distribution(model: str) -> str:
    """Describe the distribution of voices in a model, for `hierbatch voices`; empty if there is no such model.

    Raises:
        BundleError: the model has no distribution of voices.
    """
    from hierbatch.models.lite.voice_space import load_voice_space  # imports torch

    known = {bundle.name: bundle for bundle in list_bundles()}
    if model not in known:
        return ""
    space = load_voice_space(known[model])
    return (
        f"{model}: no recordings, but the distribution of {len(space.speakers)} training speakers in "
        f"{space.n_components} components; `hierbatch voices sample` and `design` draw from it"
    )


def describe_voices(voices: tuple[VoiceRow, ...]) -> Iterator[ListedVoice]:
    """Describe each voice; if its recording cannot be read, the description contains the problem."""
    for row in voices:
        try:
            content = row.read_prompt()
            origin = parse_voice_file(content, row.voice).origin if is_voice_file(content) else RECORDING
            yield _described(row, origin, recording_of(content))
        except PromptError as error:
            yield ListedVoice(
                voice=row.voice, origin=RECORDING, consent=row.consent, license=row.license, language=row.language,
                problem=str(error),
            )  # fmt: skip


def _described(row: VoiceRow, origin: str, content: bytes) -> ListedVoice:
    sound = read_sound(content, name=f"the recording of voice {row.voice}", raises=PromptError)
    start = Waveform(sound.samples[: int(_MAX_MEASURED_S * sound.rate_hz)], sound.rate_hz)
    return ListedVoice(
        voice=row.voice,
        origin=origin,
        consent=row.consent,
        license=row.license,
        language=row.language,
        duration_s=sound.duration_s,
        median_f0_hz=median_f0_hz(estimate_f0(resample(start, RATE_HZ)), 0.0) or None,
        signal_to_noise_db=measure_take(start).snr_db,
    )
