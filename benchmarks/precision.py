"""What another precision costs in nearness and gains in speed, on this machine.

    python benchmarks/precision.py                                          # packaged models, bfloat16 on a CPU
    python benchmarks/precision.py --model official --upsampler official    # imported ones
    python benchmarks/precision.py --device cuda --dtypes bfloat16 float16 --compile
    python benchmarks/precision.py --dtypes --compile --works top --least-db 60     # are compiled networks the same?

Three sentences are spoken, the packaged voices converted to each other, and four seconds given a top at 48 kHz: in
float32 and in each dtype; with `--compile` in float32 as it is, and compiled in float32 and in each dtype. Nearness is
the signal-to-noise ratio to float32 as it is, the lowest of the sounds; with `--least-db` the exit code is 1 where it
is lower. Speed is seconds a second of sound, of the CPU's own clock on a CPU (one thread), of the wall's elsewhere; the
precisions take turns, and the fastest of their turns counts. What `--compile` compiles is compiled before.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from hierbatch.audio.files import read_sound
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import BundleError
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.models.conversion import convert_recording
from hierbatch.models.converter import ConversionModel
from hierbatch.models.opening import open_model
from hierbatch.models.outline import outline_model
from hierbatch.models.placement import Placement
from hierbatch.models.speech import SpeechRequest
from hierbatch.models.upsampling import Upsampler

VOICES = Path(__file__).parents[1] / "manifests" / "voices"
SENTENCES = (
    "The birch canoe slid on the smooth planks.",
    "Glue the sheet to the dark blue background, please, and wait.",
    "Rice is often served in round bowls.",
)
WORKS = ("speech", "conversion", "top")
TOP_S, RATE_HZ = 4.0, 48_000

Work = Callable[[], list[Waveform]]
"""Something a user would have made; the same sounds at every call."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtypes", nargs="*", default=["bfloat16"])
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--works", nargs="+", choices=WORKS, default=WORKS)
    parser.add_argument("--least-db", type=float, default=-np.inf, help="exit with 1 where a sound is less near")
    parser.add_argument("--model", default="lite", help="speaks and converts")
    parser.add_argument("--upsampler", default="speechsr")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    words = placements(options.device, options.dtypes, is_compiled=options.compile)
    print("| work | placement | SNR to float32, dB | seconds a second | float32 over it |")
    print("| --- | --- | --- | --- | --- |")
    outline, nearest = outline_model(options.model), [np.inf]
    if "speech" in options.works and outline.languages:
        works = {word: speaking(options.model, word) for word in words}
        nearest.append(tell(f"{options.model}, speech", works, options.rounds))
    if "conversion" in options.works and outline.converts:
        works = {word: converting(options.model, word) for word in words}
        nearest.append(tell(f"{options.model}, conversion", works, options.rounds))
    if "top" in options.works:
        works = {word: upsampling(options.upsampler, word) for word in words}
        nearest.append(tell(f"{options.upsampler}, top", works, options.rounds))
    if min(nearest) < options.least_db:
        print(f"\nless near than {options.least_db:g} dB: {min(nearest):.0f} dB")
        sys.exit(1)


def placements(device: str, dtypes: Sequence[str], *, is_compiled: bool) -> list[str]:
    """Float32 as it is, which all are compared with, and what is compared."""
    plain = Placement(device=device)
    made = [Placement(device=device, dtype=dtype, is_compiled=is_compiled) for dtype in ("float32", *dtypes)]
    return list(dict.fromkeys(map(str, (plain, *made))))


def tell(name: str, works: Mapping[str, Work], n_rounds: int) -> float:
    """A line for each placement; the first is what the others are compared with.

    Returns:
        The nearness of the one that is farthest from it, in dB.
    """
    sounds = {word: work() for word, work in works.items()}
    taken_s = dict.fromkeys(works, np.inf)
    for _ in range(n_rounds):
        for word, work in works.items():
            taken_s[word] = min(taken_s[word], _time_s(work, is_on_cpu=word.startswith("cpu")))
    plain = next(iter(works))
    duration_s = sum(sound.duration_s for sound in sounds[plain])
    nearness_db = {word: nearest_db(sounds[plain], sounds[word]) for word in works if word != plain}
    for word in works:
        ratio, near = taken_s[plain] / taken_s[word], f"{nearness_db[word]:.0f}" if word != plain else ""
        print(f"| {name} | {word} | {near} | {taken_s[word] / duration_s:.4f} | {ratio:.2f} |", flush=True)
    return min(nearness_db.values(), default=np.inf)


def nearest_db(wanted: Sequence[Waveform], found: Sequence[Waveform]) -> float:
    """The lowest signal-to-noise ratio of sounds to those they should be."""
    return min(snr_db(one.samples, other.samples) for one, other in zip(wanted, found, strict=True))


def snr_db(wanted: Samples, found: Samples) -> float:
    error = wanted.astype(np.float64) - found
    return float(10 * np.log10((wanted.astype(np.float64) ** 2).sum() / max((error**2).sum(), 1e-30)))


def speaking(bundle: str, word: str) -> Work:
    model, front_end = open_model(bundle, word), SpeechFrontEnd()
    voice = model.encode_voice(read_sound(VOICES / "narrator.flac"))
    requests = [
        SpeechRequest(phonemes=front_end.speak(text, "en").phonemes, language="en", voice=voice, seed=seed)
        for seed, text in enumerate(SENTENCES)
    ]
    return lambda: [speech.waveform for speech in model.speak(requests)]


def converting(bundle: str, word: str) -> Work:
    model = open_model(bundle, word)
    if not isinstance(model, ConversionModel):
        raise BundleError(f"Model {bundle} does not convert")
    low, clear = (read_sound(VOICES / f"{name}.flac") for name in ("low", "clear"))
    pairs = [(low, model.encode_voice(clear)), (clear, model.encode_voice(low))]
    return lambda: [convert_recording(model, source, voice, seed=1).waveform for source, voice in pairs]


def upsampling(bundle: str, word: str) -> Work:
    model, sound = Upsampler.load(bundle, word), read_sound(VOICES / "low.flac")
    cut = Waveform(sound.samples[: int(TOP_S * sound.rate_hz)], sound.rate_hz)
    return lambda: [model.upsample(cut, RATE_HZ)]


def _time_s(work: Work, *, is_on_cpu: bool) -> float:
    clock = time.process_time if is_on_cpu else time.perf_counter
    started = clock()
    work()
    return clock() - started


if __name__ == "__main__":
    main()
