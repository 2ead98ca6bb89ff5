"""Speed of SpeechSR, and accuracy of its high band.

    python benchmarks/super_resolution.py speed
    python benchmarks/super_resolution.py together
    python benchmarks/super_resolution.py quality --data ../shared/speech --weights ../shared/weights
    python benchmarks/super_resolution.py lossless --data ../shared/speech/kathleen_48k_lossless.parquet

`speed`: one thread and all threads, 1 s and 5 s of audio, compared with a plain implementation (`plain_speechsr.py`)
and with the network's dense convolutions alone. CPU seconds per second of audio on one thread (independent of other
load), wall seconds on several; the fastest of several turns.

`together`: 16 clips of 3 to 6 s to 48 kHz on one thread, single and in batches of similar length.

`quality`: log-spectral distance between held-out recordings and their versions downsampled to 16 kHz and extended again
(frames of 2048 samples at 48 kHz): from 8 to 20 kHz, the bandwidth of the recordings (Opus), from 8 to 24 kHz, and from
8 to 20 kHz in speech frames only (at most 40 dB below the loudest frame). Levels below a floor are raised to it, so the
floor determines the distance of silence; results are given for several floors, down to the quantization noise of 16
bits in one bin (-132 dB of full scale). Methods: resampling alone, the packaged model, published weights if given.

`lossless`: log-spectral distance over the whole band as NU-Wave 2 defines it (2048/512, log10 of power, floor 1e-8) on
the last 24 clips of a Parquet file of 48 kHz recordings with content up to 24 kHz.
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
import pyarrow.parquet as pq
import torch
from scipy import signal

from hierbatch.audio.files import read_sound
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.models.hierspeechpp.files import find_checkpoint_file
from hierbatch.models.hierspeechpp.speechsr.config import speechsr_24k, speechsr_48k
from hierbatch.models.hierspeechpp.speechsr.model import SpeechSR
from hierbatch.models.hierspeechpp.speechsr.weights import load_speechsr
from hierbatch.models.upsampling.lite.config import SpeechSRLiteConfig
from hierbatch.models.upsampling.lite.model import SpeechSRLite
from hierbatch.models.upsampling.upsampler import Upsampler
from hierbatch.training.full_band import read_full_band

sys.path.insert(0, str(Path(__file__).parent))
from plain_anti_aliased import convolutions_only
from plain_speechsr import PlainSpeechSR

FULL_RATE_HZ = 48_000
FFT_SAMPLES = 2_048
FLOORS_DB = (-100.0, -110.0, -120.0, -130.0)
SPEECH_DB = 40.0
"""Frames at most this far below the loudest frame of a clip count as speech."""
BANDS_HZ = ((8_000, 20_000), (8_000, 24_000))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mode", choices=("speed", "together", "quality", "lossless"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=list(dict.fromkeys((1, os.cpu_count() or 1))))
    parser.add_argument("--data", type=Path, help="folder of Parquet files with full-band recordings")
    parser.add_argument("--weights", type=Path, help="folder of published weights")
    parser.add_argument(
        "--model", nargs="+", default=["speechsr"], help="lightweight networks: names or folders of bundles"
    )
    parser.add_argument("--clips", type=int, default=24, help="maximum number of held-out clips")
    options = parser.parse_args()
    if options.mode == "speed":
        print_speed(options.rounds, options.threads)
    elif options.mode == "together":
        print_together(options.rounds)
    elif options.mode == "lossless":
        print_lossless(options.data, options.model, options.clips)
    else:
        print_quality(options.data, options.weights, options.model, options.clips)


def print_speed(rounds: int, threads: Sequence[int]) -> None:
    """Print the speed of all implementations by number of threads and length."""
    print("| threads | audio | network | s per s of audio | speed-up over plain |\n| --- | --- | --- | --- | --- |")
    for n_threads in threads:
        torch.set_num_threads(n_threads)
        clock = time.process_time if n_threads == 1 else time.perf_counter
        for duration_s in (1, 5):
            sound = torch.randn(1, 1, duration_s * RATE_HZ) * 0.1
            for rate, config in (("48k", speechsr_48k()), ("24k", speechsr_24k())):
                networks = _implementations(
                    SpeechSR(config).eval(), SpeechSRLite(SpeechSRLiteConfig(), config.rate_hz).eval()
                )
                times_s = _fastest({name: partial(network, sound) for name, network in networks.items()}, rounds, clock)
                for name, time_s in times_s.items():
                    gain = times_s["plain"] / time_s
                    print(f"| {n_threads} | {duration_s} s | {rate} {name} | {time_s / duration_s:.3f} | {gain:.1f} |")


def _implementations(model: SpeechSR, light: SpeechSRLite) -> Mapping[str, Callable[[torch.Tensor], torch.Tensor]]:
    return {
        "plain": PlainSpeechSR(model),
        "hierbatch": model,
        "convolutions only": convolutions_only(model),
        "light": light,
    }


@torch.inference_mode()
def _fastest(works: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    times_s = dict.fromkeys(works, float("inf"))
    for _ in range(rounds + 1):  # the first one warms up
        for name, work in works.items():
            started_s = clock()
            work()
            times_s[name] = min(times_s[name], clock() - started_s)
    return times_s


def print_together(rounds: int) -> None:
    """Print the speed of single clips and batches."""
    torch.set_num_threads(1)
    clips = [torch.randn(round(duration_s * RATE_HZ)) * 0.1 for duration_s in np.linspace(3, 6, 16)]
    sound_s = sum(map(len, clips)) / RATE_HZ
    networks = {
        "hierbatch": SpeechSR(speechsr_48k()).eval(),
        "light": SpeechSRLite(SpeechSRLiteConfig(), FULL_RATE_HZ).eval(),
    }
    print("| network | batch | CPU s per s of audio | speed-up over single |\n| --- | --- | --- | --- |")
    for name, network in networks.items():
        works = {str(n_rows): partial(_in_batches, network, clips, n_rows) for n_rows in (1, 4, 16)}
        times_s = _fastest(works, rounds, time.process_time)
        for n_rows, time_s in times_s.items():
            print(f"| 48k {name} | {n_rows} | {time_s / sound_s:.4f} | {times_s['1'] / time_s:.2f} |", flush=True)


def _in_batches(network: torch.nn.Module, clips: Sequence[torch.Tensor], n_rows: int) -> None:
    for start in range(0, len(clips), n_rows):
        rows = clips[start : start + n_rows]
        lengths = torch.tensor([len(row) for row in rows])
        network(torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)[:, None], lengths)


def print_quality(data: Path, weights: Path | None, models: Sequence[str], n_clips: int) -> None:
    """Print the log-spectral distance of each method.

    Args:
        data: folder of Parquet files with full-band recordings.
        weights: folder of published weights, if any.
        models: lightweight networks, by name or bundle folder.
        n_clips: maximum number of held-out clips.
    """
    torch.set_num_threads(1)
    methods: dict[str, Callable[[Waveform], Waveform]] = {
        "resampling alone": lambda narrow: resample(narrow, FULL_RATE_HZ),
        **{model: _by_bundle(model) for model in models},
    }
    path = find_checkpoint_file(weights, "speechsr48k") if weights else None
    if path:
        methods["published SpeechSR-48k"] = _by_network(load_speechsr(path, speechsr_48k()))
    clips = read_full_band(data, held_out_only=True)
    clips = clips[:: max(1, len(clips) // n_clips)][:n_clips]
    distances: dict[str, list[tuple[float, ...]]] = {name: [] for name in methods}
    for clip in clips:
        wanted = clip.waveform()
        narrow = resample(wanted, RATE_HZ)
        for name, extend in methods.items():
            distances[name].append(_distances_db(extend(narrow), wanted))
    print(f"{len(clips)} held-out clips of {len({clip.speaker for clip in clips})} speakers\n")
    bands = [f"{low // 1000}-{high // 1000} kHz" for low, high in BANDS_HZ]
    by_floor = [f"{bands[0]}, floor {floor_db:.0f} dB" for floor_db in FLOORS_DB]
    print(f"| method | {' | '.join(by_floor)} | {bands[1]} | {bands[0]}, speech |")
    print("| --- | " + "--- | " * (len(FLOORS_DB) + 2))
    for name, found in distances.items():
        means = np.mean(found, axis=0)
        print(f"| {name} | " + " | ".join(f"{mean:.1f}" for mean in means) + " |")


def print_lossless(data: Path, models: Sequence[str], n_clips: int = 24) -> None:
    """Print the log-spectral distance of NU-Wave 2 on the last clips of a Parquet file of 48 kHz recordings."""
    torch.set_num_threads(1)
    rows = pq.read_table(data, columns=["audio"]).to_pylist()[-n_clips:]
    clips = [read_sound(row["audio"]["bytes"], name="clip") for row in rows]
    print("| method | log-spectral distance, 0-24 kHz | standard error |\n| --- | --- | --- |")
    for model in models:
        extend = _by_bundle(model)
        found = [_nu_wave_distance(extend(resample(clip, RATE_HZ)), clip) for clip in clips]
        print(f"| {model} | {np.mean(found):.3f} | {np.std(found, ddof=1) / len(found) ** 0.5:.3f} |")


def _nu_wave_distance(made: Waveform, wanted: Waveform) -> float:
    n_samples = min(made.n_samples, wanted.n_samples)
    logs = []
    for sound in (made, wanted):
        spectrum = torch.stft(
            torch.from_numpy(sound.samples[:n_samples].copy()),
            2048,
            512,
            window=torch.hann_window(2048),
            return_complex=True,
        )
        logs.append((spectrum.abs() ** 2).clamp_min(1e-8).log10())
    return float(((logs[0] - logs[1]) ** 2).mean(0).sqrt().mean())


def _distances_db(made: Waveform, wanted: Waveform) -> tuple[float, ...]:
    """Distances from 8 to 20 kHz for every floor, then with the lowest floor up to 24 kHz and in speech frames only."""
    by_floor = [band_distance_db(made, wanted, BANDS_HZ[0], floor_db=floor_db) for floor_db in FLOORS_DB]
    speech = band_distance_db(made, wanted, BANDS_HZ[0], speech=True)
    return (*by_floor, band_distance_db(made, wanted, BANDS_HZ[1]), speech)


def _by_bundle(model: str) -> Callable[[Waveform], Waveform]:
    upsampler = Upsampler.load(model)
    return lambda narrow: upsampler.upsample(narrow, FULL_RATE_HZ)


def _by_network(network: SpeechSR) -> Callable[[Waveform], Waveform]:
    @torch.inference_mode()
    def upsample(narrow: Waveform) -> Waveform:
        return Waveform(network(torch.from_numpy(narrow.samples)[None, None])[0, 0].numpy(), FULL_RATE_HZ)

    return upsample


def band_distance_db(
    made: Waveform,
    wanted: Waveform,
    band_hz: tuple[float, float],
    *,
    speech: bool = False,
    floor_db: float = FLOORS_DB[-1],
) -> float:
    """Log-spectral distance within a band: root mean square level difference, averaged over frames, in dB.

    Args:
        made: processed waveform at 48 kHz.
        wanted: reference at 48 kHz.
        band_hz: lower and upper edge of the band.
        speech: average over speech frames only.
        floor_db: lowest level counted, relative to full scale.
    """
    n_samples = min(made.n_samples, wanted.n_samples)
    hz, output_db = _levels_db(made.samples[:n_samples], floor_db)
    _, reference_db = _levels_db(wanted.samples[:n_samples], floor_db)
    inside = (hz >= band_hz[0]) & (hz < band_hz[1])
    distances = np.sqrt(((output_db - reference_db)[inside] ** 2).mean(axis=0))
    loudness_db = 10 * np.log10((10 ** (reference_db / 10)).sum(axis=0))
    return float(distances[loudness_db >= loudness_db.max() - SPEECH_DB].mean() if speech else distances.mean())


def _levels_db(
    samples: npt.NDArray[np.float32], floor_db: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Frequencies in Hz and levels in dB; a full-scale sine is at -6 dB. Shapes: [K], [K, T]."""
    hz, _, spectrum = signal.stft(samples.astype(np.float64), FULL_RATE_HZ, nperseg=FFT_SAMPLES)
    return hz, 20 * np.log10(np.abs(spectrum) + 10 ** (floor_db / 20))


if __name__ == "__main__":
    main()
