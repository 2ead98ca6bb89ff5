"""Verdicts on the recordings of ../shared/cases/audio: converted, upsampled, used as prompts and checked.

    python benchmarks/shared_sound_cases.py --cases ../shared/cases/audio
    python benchmarks/shared_sound_cases.py --only upsample prompts

The makers write the inputs from ../shared/speech. A conversion or an upsampled recording is right if it has the length
that ffmpeg decodes and the loudness of the recording, or if its row fails with a reason where the sound is damaged. A
prompt is right if it is usable, or refused with its name, as listed below. The command exits with 1 if one is wrong.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile
from case_makers import VOICES, Verdicts, judge_sounds, make_sounds

from hierbatch.audio.decoding import open_decoder
from hierbatch.audio.loudness import measure_loudness
from hierbatch.engine.circuit_breaker import CircuitBreaker
from hierbatch.engine.execution import Execution
from hierbatch.errors import HierbatchError, PromptError
from hierbatch.jobs.check import CheckJob, check_files
from hierbatch.jobs.options.recordings import ConversionSettings, UpsamplingSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.specs.convert import ConvertSpec
from hierbatch.jobs.specs.upsample import UpsampleSpec
from hierbatch.manifest.takes.takes import Takes
from hierbatch.manifest.voices.voices import read_voices
from hierbatch.stages.prompts import prepare_prompt

DAMAGED = {
    "zero_bytes", "trunc_wav", "header_only", "trunc_mp3", "trunc_ogg", "trunc_flac", "html_as_wav", "lfs_pointer",
    "nan", "silence", "short50ms", "symlink_out", "winpath", "fileuri", "space_around",
}  # fmt: skip
"""Rows of the conversion that must fail: damaged, empty, outside the folder, or not a path of this system."""
UNUSABLE_PROMPTS = {"half_s", "quiet55", "winpath"}
OTHER_LOUDNESS = {"clipped", "float_over_1", "hot", "quiet60", "quiet", "longsil", "noise_only", "tone_only", "hf"}
"""Sounds whose loudness is limited by their peaks, or is not that of speech."""
_MAX_LOUDNESS_ERROR_DB = 1.5
_MAX_LENGTH_ERROR = 0.002
_ACTIVE_LU, _CANCELLED_LU = 12.0, 6.0


def main() -> None:
    steps = {
        "convert": lambda _: recordings("convert", Path("conv")),
        "upsample": lambda _: recordings("upsample", Path("up")),
        "prompts": lambda _: prompts(),
        "check": lambda cases: checks(cases / "files"),
    }
    judge_sounds(__doc__.splitlines()[0], make_inputs, steps)


def make_inputs(cases: Path) -> None:
    make_sounds(cases, ("in", "conv", "pr", "up"), ("make_base", "mk_convert", "mk_pr"))


def recordings(command: str, folder: Path) -> Verdicts:
    """Process every recording of a maker's folder with a packaged model, with a verdict on each row."""
    manifest = folder / "m.csv"
    if command == "convert":
        voices = VoiceChoice(voice=VOICES / "low.flac", allow_unknown_consent=True)
        spec = ConvertSpec(manifest=manifest, voices=voices, conversion=ConversionSettings())
    else:
        spec = UpsampleSpec(manifest=manifest, upsampling=UpsamplingSettings(rate_hz=48_000))
    out = Path("runs") / command
    run(
        RunJob(
            spec=spec,
            out=out,
            execution=Execution(engine="local", circuit_breaker=CircuitBreaker(max_failed_ratio=1.0)),
        )
    )
    takes = Takes(out)
    planned = {row["id"]: row["source"]["path"] for row in takes.planned(["id", "source"]).to_pylist()}
    columns = ["id", "status", "error", "n_samples", "sample_rate_hz", "loudness_lufs", "flags"]
    for take in sorted(takes.table(columns).to_pylist(), key=lambda take: str(take["id"])):
        yield take["id"], *verdict_of(take, planned[take["id"]])


def verdict_of(take: dict, source: str) -> tuple[bool, str]:
    """Verdict on one take, against ffmpeg's reading of its source."""
    if take["status"] != "ok":
        return take["id"] in DAMAGED and bool(take["error"]), f"failed: {take['error'].splitlines()[0][:100]}"
    duration_s, loudness_lufs = read_independently(Path(source))
    length_s = take["n_samples"] / take["sample_rate_hz"]
    error_db = take["loudness_lufs"] - loudness_lufs if np.isfinite(loudness_lufs) else 0.0
    is_long = abs(length_s - duration_s) <= max(_MAX_LENGTH_ERROR * duration_s, 0.002)
    is_loud = abs(error_db) <= _MAX_LOUDNESS_ERROR_DB or take["id"] in OTHER_LOUDNESS
    flags = f", {' '.join(take['flags'])}" if take["flags"] else ""
    shown = f"{length_s:.3f} s of {duration_s:.3f} s, loudness {error_db:+.1f} dB{flags}"
    return is_long and is_loud and take["id"] not in DAMAGED, shown


def read_independently(source: Path) -> tuple[float, float]:
    """Duration that ffmpeg decodes, and loudness of the mean of the channels with sound.

    If these channels cancel each other, the loudness is that of the loudest one.
    """
    with open_decoder(source, use_ffmpeg=True) as sound:
        samples, rate_hz = np.concatenate(list(sound.blocks)), sound.rate_hz
    loudness_lufs = np.array([measure_loudness(channel, rate_hz) for channel in samples.T])
    loudest_lufs = float(loudness_lufs.max())
    has_sound = loudness_lufs >= loudest_lufs - _ACTIVE_LU
    mean_lufs = measure_loudness(samples[:, has_sound].mean(axis=1), rate_hz) if has_sound.any() else loudest_lufs
    return len(samples) / rate_hz, mean_lufs if mean_lufs > loudest_lufs - _CANCELLED_LU else loudest_lufs


def prompts() -> Verdicts:
    """Prepare every prompt."""
    for voice in read_voices(Path("pr/voices.csv")):
        try:
            prompt = prepare_prompt(voice.read_prompt(), voice.voice)
        except PromptError as error:
            is_right = voice.voice in UNUSABLE_PROMPTS and voice.voice in str(error)
            yield voice.voice, is_right, f"refused: {str(error).splitlines()[0][:100]}"
            continue
        samples, rate_hz = soundfile.read(io.BytesIO(prompt.flac))
        notices = "; ".join(prompt.notices)
        shown = f"{prompt.duration_s:.1f} s used, {measure_loudness(samples, rate_hz):.1f} LUFS. {notices}"
        yield voice.voice, voice.voice not in UNUSABLE_PROMPTS, shown


def checks(folder: Path) -> Verdicts:
    """Check every sound file; each must get a report or an error message."""
    for path in sorted(folder.iterdir()):
        if path.suffix in (".csv", ".srt"):
            continue
        try:
            (report,) = check_files(CheckJob(files=(path,), profile="ebu"))
            yield path.name, True, "; ".join(f"{line.rule} {line.got}" for line in report.rows)
        except HierbatchError as error:
            yield path.name, "Traceback" not in str(error), str(error).splitlines()[0][:120]


if __name__ == "__main__":
    main()
