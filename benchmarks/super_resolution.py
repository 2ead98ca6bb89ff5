"""How fast SpeechSR is, and how near its top comes to the recording's.

    python benchmarks/super_resolution.py speed
    python benchmarks/super_resolution.py together
    python benchmarks/super_resolution.py quality --data ../shared/speech --weights ../shared/weights

`speed`: one thread and all threads, 1 s and 5 s of sound, beside a plain implementation of the same maths
(`plain_speechsr.py`) and beside the network's dense convolutions alone. On one thread CPU seconds a second of sound, so
that other work on the machine does not count, on all of them wall seconds; the fastest of several turns.

`together`: 16 clips of 3 to 6 s to 48 kHz on one thread, alone and in batches of neighbours in length.

`quality`: log-spectral distance of held-out clips, brought down to 16 kHz, to the recordings themselves (frames of
2048 samples at 48 kHz): from 8 to 20 kHz, where the recordings (Opus) hold sound, 8 to 24 kHz, and from 8 to 20 kHz in
frames of speech alone, at most 40 dB below the loudest. Levels below a floor count as that floor, which thus decides
how far away silence is: so the distance is told by several, down to the quantisation noise that 16 bits leave in a
bin (-132 dB of full scale). Ways: resampling alone, the packaged model, and the published weights where given.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from scipy import signal

from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.models.official.files import find_official_file
from hierbatch.models.speechsr.config import speechsr_24k, speechsr_48k
from hierbatch.models.speechsr.model import SpeechSR
from hierbatch.models.speechsr.weights import load_speechsr
from hierbatch.models.speechsr_lite.config import SpeechSRLiteConfig
from hierbatch.models.speechsr_lite.model import SpeechSRLite
from hierbatch.models.upsampling import Upsampler
from hierbatch.training.full_band import read_full_band
from hierbatch.units import RATE_HZ

sys.path.insert(0, str(Path(__file__).parent))
from plain_anti_aliased import convolutions_only
from plain_speechsr import PlainSpeechSR

FULL_RATE_HZ = 48_000
FFT_SAMPLES = 2_048
FLOORS_DB = (-100.0, -110.0, -120.0, -130.0)
SPEECH_DB = 40.0
"""Frames that far below the loudest one of a clip, or less, count as speech."""
BANDS_HZ = ((8_000, 20_000), (8_000, 24_000))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("speed", "together", "quality"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=list(dict.fromkeys((1, os.cpu_count() or 1))))
    parser.add_argument("--data", type=Path, help="folder of Parquet files with full-band recordings")
    parser.add_argument("--weights", type=Path, help="folder of published weights")
    parser.add_argument("--model", nargs="+", default=["speechsr"], help="light networks: names or folders of bundles")
    parser.add_argument("--clips", type=int, default=24, help="how many held-out clips at most")
    options = parser.parse_args()
    if options.what == "speed":
        print_speed(options.rounds, options.threads)
    elif options.what == "together":
        print_together(options.rounds)
    else:
        print_quality(options.data, options.weights, options.model, options.clips)


def print_speed(rounds: int, threads: Sequence[int]) -> None:
    print("| threads | sound | network | seconds a second of sound | plain over it |\n| --- | --- | --- | --- | --- |")
    for n_threads in threads:
        torch.set_num_threads(n_threads)
        clock = time.process_time if n_threads == 1 else time.perf_counter
        for duration_s in (1, 5):
            sound = torch.randn(1, 1, duration_s * RATE_HZ) * 0.1
            for rate, config in (("48k", speechsr_48k()), ("24k", speechsr_24k())):
                ways = _ways(SpeechSR(config).eval(), SpeechSRLite(SpeechSRLiteConfig(), config.rate_hz).eval())
                taken_s = _take_turns({name: partial(way, sound) for name, way in ways.items()}, rounds, clock)
                for name, work_s in taken_s.items():
                    gain = taken_s["plain"] / work_s
                    print(f"| {n_threads} | {duration_s} s | {rate} {name} | {work_s / duration_s:.3f} | {gain:.1f} |")


def _ways(model: SpeechSR, light: SpeechSRLite) -> Mapping[str, Callable[[torch.Tensor], torch.Tensor]]:
    return {
        "plain": PlainSpeechSR(model),
        "hierbatch": model,
        "convolutions only": convolutions_only(model),
        "light": light,
    }


@torch.inference_mode()
def _take_turns(ways: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    taken_s = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds + 1):  # the first one warms up
        for name, way in ways.items():
            started_s = clock()
            way()
            taken_s[name] = min(taken_s[name], clock() - started_s)
    return taken_s


def print_together(rounds: int) -> None:
    torch.set_num_threads(1)
    clips = [torch.randn(round(duration_s * RATE_HZ)) * 0.1 for duration_s in np.linspace(3, 6, 16)]
    sound_s = sum(map(len, clips)) / RATE_HZ
    networks = {
        "hierbatch": SpeechSR(speechsr_48k()).eval(),
        "light": SpeechSRLite(SpeechSRLiteConfig(), FULL_RATE_HZ).eval(),
    }
    print("| network | clips together | CPU seconds a second of sound | alone over it |\n| --- | --- | --- | --- |")
    for name, network in networks.items():
        ways = {n_rows: partial(_in_batches, network, clips, n_rows) for n_rows in (1, 4, 16)}
        taken_s = _take_turns({str(n_rows): way for n_rows, way in ways.items()}, rounds, time.process_time)
        for n_rows, work_s in taken_s.items():
            print(f"| 48k {name} | {n_rows} | {work_s / sound_s:.4f} | {taken_s['1'] / work_s:.2f} |", flush=True)


def _in_batches(network: torch.nn.Module, clips: Sequence[torch.Tensor], n_rows: int) -> None:
    for start in range(0, len(clips), n_rows):
        rows = clips[start : start + n_rows]
        lengths = torch.tensor([len(row) for row in rows])
        network(torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)[:, None], lengths)


def print_quality(data: Path, weights: Path | None, models: Sequence[str], n_clips: int) -> None:
    torch.set_num_threads(1)
    ways: dict[str, Callable[[Waveform], Waveform]] = {
        "resampling alone": lambda heard: resample(heard, FULL_RATE_HZ),
        **{model: _by_bundle(model) for model in models},
    }
    path = find_official_file(weights, "speechsr48k") if weights else None
    if path:
        ways["published SpeechSR-48k"] = _by_network(load_speechsr(path, speechsr_48k()))
    clips = read_full_band(data, held_out_only=True)
    clips = clips[:: max(1, len(clips) // n_clips)][:n_clips]
    distances: dict[str, list[tuple[float, ...]]] = {name: [] for name in ways}
    for clip in clips:
        wanted = clip.waveform()
        heard = resample(wanted, RATE_HZ)
        for name, way in ways.items():
            made = way(heard)
            distances[name].append(_distances_db(made, wanted))
    print(f"{len(clips)} held-out clips of {len({clip.speaker for clip in clips})} speakers\n")
    bands = [f"{low // 1000}-{high // 1000} kHz" for low, high in BANDS_HZ]
    by_floor = [f"{bands[0]}, floor {floor_db:.0f} dB" for floor_db in FLOORS_DB]
    print(f"| way | {' | '.join(by_floor)} | {bands[1]} | {bands[0]}, speech |")
    print("| --- | " + "--- | " * (len(FLOORS_DB) + 2))
    for name, found in distances.items():
        means = np.mean(found, axis=0)
        print(f"| {name} | " + " | ".join(f"{mean:.1f}" for mean in means) + " |")


def _distances_db(made: Waveform, wanted: Waveform) -> tuple[float, ...]:
    """From 8 to 20 kHz by every floor, then by the lowest to 24 kHz, and where there is speech."""
    by_floor = [band_distance_db(made, wanted, BANDS_HZ[0], floor_db=floor_db) for floor_db in FLOORS_DB]
    speech = band_distance_db(made, wanted, BANDS_HZ[0], speech=True)
    return (*by_floor, band_distance_db(made, wanted, BANDS_HZ[1]), speech)


def _by_bundle(model: str) -> Callable[[Waveform], Waveform]:
    upsampler = Upsampler.load(model)
    return lambda heard: upsampler.upsample(heard, FULL_RATE_HZ)


def _by_network(network: SpeechSR) -> Callable[[Waveform], Waveform]:
    @torch.inference_mode()
    def upsample(heard: Waveform) -> Waveform:
        return Waveform(network(torch.from_numpy(heard.samples)[None, None])[0, 0].numpy(), FULL_RATE_HZ)

    return upsample


def band_distance_db(
    made: Waveform,
    wanted: Waveform,
    band_hz: tuple[float, float],
    *,
    speech: bool = False,
    floor_db: float = FLOORS_DB[-1],
) -> float:
    """Mean over frames, or over those with speech, of the root mean square difference of levels within a band."""
    n_samples = min(made.n_samples, wanted.n_samples)
    hz, ours = _levels_db(made.samples[:n_samples], floor_db)
    _, theirs = _levels_db(wanted.samples[:n_samples], floor_db)
    inside = (hz >= band_hz[0]) & (hz < band_hz[1])
    distances = np.sqrt(((ours - theirs)[inside] ** 2).mean(axis=0))
    loudness_db = 10 * np.log10((10 ** (theirs / 10)).sum(axis=0))
    return float(distances[loudness_db >= loudness_db.max() - SPEECH_DB].mean() if speech else distances.mean())


def _levels_db(
    samples: npt.NDArray[np.float32], floor_db: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Frequencies and levels; a sine of full scale is at -6 dB. Shapes: [K], [K, T]."""
    hz, _, spectrum = signal.stft(samples.astype(np.float64), FULL_RATE_HZ, nperseg=FFT_SAMPLES)
    return hz, 20 * np.log10(np.abs(spectrum) + 10 ** (floor_db / 20))


if __name__ == "__main__":
    main()
