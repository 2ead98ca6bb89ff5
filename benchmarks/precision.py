"""Accuracy and speed of reduced precision and compilation on this machine.

    python benchmarks/precision.py                                          # packaged models, bfloat16 on a CPU
    python benchmarks/precision.py --model official --upsampler official    # imported models
    python benchmarks/precision.py --device cuda --dtypes bfloat16 float16 --compile
    python benchmarks/precision.py --dtypes --compile --works bandwidth-extension --min-snr-db 60   # compiled

Three sentences are synthesized, two packaged voices are converted to each other, and four seconds of audio are extended
to 48 kHz: in float32 and in each dtype; with `--compile` in eager float32, and compiled in float32 and in each dtype.
Accuracy is the lowest signal-to-noise ratio of the outputs relative to eager float32; with `--min-snr-db` the exit code
is 1 if it is lower. Speed is processing time per second of audio: CPU time on a CPU (one thread), wall time elsewhere.
The precisions alternate, and the fastest turn counts. Compilation is not timed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch

from hierbatch.audio.files import read_sound
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import BundleError
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.models.catalog.open_model import open_model, read_model_info
from hierbatch.models.conversion.interface import ConversionModel
from hierbatch.models.conversion.recording import convert_recording
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.speech import SpeechModel, SpeechRequest
from hierbatch.models.upsampling.upsampler import Upsampler

VOICES = Path(__file__).parents[1] / "manifests" / "voices"
SENTENCES = (
    "The birch canoe slid on the smooth planks.",
    "Glue the sheet to the dark blue background, please, and wait.",
    "Rice is often served in round bowls.",
)
WORKS = ("speech", "conversion", "bandwidth-extension")
UPSAMPLED_S, RATE_HZ = 4.0, 48_000

Work = Callable[[], list[Waveform]]
"""Function that produces the same audio at every call."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtypes", nargs="*", default=["bfloat16"])
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--works", nargs="+", choices=WORKS, default=WORKS)
    parser.add_argument("--min-snr-db", type=float, default=-np.inf, help="exit with 1 if an SNR is below this value")
    parser.add_argument("--model", default="lite", help="model for speech and conversion")
    parser.add_argument("--upsampler", default="speechsr")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    specs = placements(options.device, options.dtypes, is_compiled=options.compile)
    print("| work | placement | SNR to float32, dB | seconds per second | speed-up over float32 |")
    print("| --- | --- | --- | --- | --- |")
    model, lowest_db = read_model_info(options.model), [np.inf]
    if "speech" in options.works and model.languages:
        works = {spec: speaking(options.model, spec) for spec in specs}
        lowest_db.append(print_rows(f"{options.model}, speech", works, options.rounds))
    if "conversion" in options.works and model.can_convert:
        works = {spec: converting(options.model, spec) for spec in specs}
        lowest_db.append(print_rows(f"{options.model}, conversion", works, options.rounds))
    if "bandwidth-extension" in options.works:
        works = {spec: upsampling(options.upsampler, spec) for spec in specs}
        lowest_db.append(print_rows(f"{options.upsampler}, bandwidth extension", works, options.rounds))
    if min(lowest_db) < options.min_snr_db:
        print(f"\nSNR below {options.min_snr_db:g} dB: {min(lowest_db):.0f} dB")
        sys.exit(1)


def placements(device: str, dtypes: Sequence[str], *, is_compiled: bool) -> list[str]:
    """Placements to measure; the first is eager float32, the reference."""
    reference = DevicePlacement(device=device)
    compared = [DevicePlacement(device=device, dtype=dtype, is_compiled=is_compiled) for dtype in ("float32", *dtypes)]
    return list(dict.fromkeys(map(str, (reference, *compared))))


def print_rows(name: str, works: Mapping[str, Work], n_rounds: int) -> float:
    """Measure all placements of one work and print a row for each.

    Args:
        name: label of the rows.
        works: the work by placement; the first one is the reference.
        n_rounds: number of timed turns.

    Returns:
        Lowest SNR of all placements, in dB.
    """
    sounds = {spec: work() for spec, work in works.items()}
    fastest_s = dict.fromkeys(works, np.inf)
    for _ in range(n_rounds):
        for spec, work in works.items():
            fastest_s[spec] = min(fastest_s[spec], _time_s(work, is_on_cpu=spec.startswith("cpu")))
    reference = next(iter(works))
    duration_s = sum(sound.duration_s for sound in sounds[reference])
    snrs_db = {spec: min_snr_db(sounds[reference], sounds[spec]) for spec in works if spec != reference}
    for spec in works:
        ratio, snr = fastest_s[reference] / fastest_s[spec], f"{snrs_db[spec]:.0f}" if spec != reference else ""
        print(f"| {name} | {spec} | {snr} | {fastest_s[spec] / duration_s:.4f} | {ratio:.2f} |", flush=True)
    return min(snrs_db.values(), default=np.inf)


def min_snr_db(wanted: Sequence[Waveform], found: Sequence[Waveform]) -> float:
    """Lowest signal-to-noise ratio over pairs of waveforms, in dB."""
    return min(snr_db(one.samples, other.samples) for one, other in zip(wanted, found, strict=True))


def snr_db(wanted: Samples, found: Samples) -> float:
    """Signal-to-noise ratio of samples relative to a reference, in dB."""
    error = wanted.astype(np.float64) - found
    return float(10 * np.log10((wanted.astype(np.float64) ** 2).sum() / max((error**2).sum(), 1e-30)))


def speaking(bundle: str, placement: str) -> Work:
    """Synthesis of all sentences."""
    model, front_end = cast("SpeechModel", open_model(bundle, DevicePlacement.parse(placement))), SpeechFrontEnd()
    voice = model.encode_voice(read_sound(VOICES / "narrator.flac"))
    requests = [
        SpeechRequest(phonemes=front_end.phonemize(text, "en").phonemes, language="en", voice=voice, seed=seed)
        for seed, text in enumerate(SENTENCES)
    ]
    return lambda: [speech.waveform for speech in model.speak(requests)]


def converting(bundle: str, placement: str) -> Work:
    """Conversion of two voices to each other."""
    model = open_model(bundle, DevicePlacement.parse(placement))
    if not isinstance(model, ConversionModel):
        raise BundleError(f"Model {bundle} does not support voice conversion", fix="choose another --model")
    low, clear = (read_sound(VOICES / f"{name}.flac") for name in ("low", "clear"))
    pairs = [(low, model.encode_voice(clear)), (clear, model.encode_voice(low))]
    return lambda: [convert_recording(model, source, voice, seed=1).waveform for source, voice in pairs]


def upsampling(bundle: str, placement: str) -> Work:
    """Bandwidth extension of a short recording."""
    model, sound = Upsampler.load(bundle, DevicePlacement.parse(placement)), read_sound(VOICES / "low.flac")
    cut = Waveform(sound.samples[: int(UPSAMPLED_S * sound.rate_hz)], sound.rate_hz)
    return lambda: [model.upsample(cut, RATE_HZ)]


def _time_s(work: Work, *, is_on_cpu: bool) -> float:
    clock = time.process_time if is_on_cpu else time.perf_counter
    started = clock()
    work()
    return clock() - started


if __name__ == "__main__":
    main()
