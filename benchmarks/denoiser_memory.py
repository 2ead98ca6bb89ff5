"""Memory and time of the MP-SENet denoiser by prompt length, each measured in a fresh process.

    python benchmarks/denoiser_memory.py                      # 2.5 to 60 s in windows; 8 s also without windows
    python benchmarks/denoiser_memory.py --compare-windows 2 2.5 4   # windowed against unwindowed output
    python benchmarks/denoiser_memory.py --weights g_best     # the published checkpoint; random weights otherwise

"idle" is the process with torch and the network loaded, before any input; "peak" is its maximum.

`--compare-windows` denoises 10 s of the packaged voice `low` with and without windows, and prints the level of the
difference relative to the unwindowed output, for the samples and for the magnitude spectra. Without `--weights`, the
network gets deterministic weights (`tools.parity.golden.rule_tensor` under our names).
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hierbatch.programs import run_program

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `tools` is not installed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from hierbatch.models.hierspeechpp.denoiser.model import Denoiser

LENGTHS = ((2.5, False), (8.0, True), (8.0, False), (15.0, False), (60.0, False))
KB_PER_MIB = 1024
INPUT_S = 10.0
VOICE = Path(__file__).parents[1] / "manifests" / "voices" / "low.flac"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=None)
    parser.add_argument("--one", nargs=2, metavar=("SECONDS", "WINDOW"), help="measure one length, in this process")
    parser.add_argument(
        "--compare-windows", nargs="+", type=float, metavar="WINDOW", help="compare windowed with unwindowed output"
    )
    options = parser.parse_args()
    if options.compare_windows:
        print_window_errors(options.compare_windows, options.weights)
        return
    if options.one:
        print(measure(float(options.one[0]), float(options.one[1]), options.weights))
        return
    from hierbatch.models.hierspeechpp.denoiser.windows import MAX_WINDOW_S

    print("| audio s | mode | idle MB | peak MB | CPU s | x real time |\n| --- | --- | --- | --- | --- | --- |")
    for length_s, is_whole in LENGTHS:
        window_s = length_s if is_whole else MAX_WINDOW_S
        command = [sys.executable, __file__, "--one", str(length_s), str(window_s)]
        command += ["--weights", str(options.weights)] if options.weights else []
        measured = run_program(command, timeout_s=3600).decode().split()
        mode = "unwindowed" if window_s >= length_s else f"in windows of {window_s:g} s"
        print(f"| {length_s:g} | {mode} | {' | '.join(measured)} |", flush=True)


def measure(length_s: float, window_s: float, weights: Path | None) -> str:
    """Denoise noise in this process; returns idle MB, peak MB, CPU seconds and real-time factor as text."""
    import torch

    from hierbatch.constants import RATE_HZ
    from hierbatch.models.hierspeechpp.denoiser.config import DenoiserConfig
    from hierbatch.models.hierspeechpp.denoiser.model import Denoiser
    from hierbatch.models.hierspeechpp.denoiser.weights import load_denoiser
    from hierbatch.models.hierspeechpp.denoiser.windows import denoise

    torch.set_num_threads(1)
    network = load_denoiser(weights) if weights else Denoiser(DenoiserConfig()).eval()
    sound = 0.1 * torch.randn(int(length_s * RATE_HZ), generator=torch.Generator().manual_seed(0))
    idle_mb = _peak_mb()
    started_s = time.process_time()
    with torch.inference_mode():
        denoise(network, sound, window_s=window_s)
    cpu_s = time.process_time() - started_s
    return f"{idle_mb:.0f} {_peak_mb():.0f} {cpu_s:.1f} {cpu_s / length_s:.2f}"


def print_window_errors(windows_s: Sequence[float], weights: Path | None) -> None:
    """Print the difference between windowed and unwindowed output for each window length."""
    import torch

    from hierbatch.audio.files import read_sound
    from hierbatch.models.hierspeechpp.denoiser.config import DenoiserConfig
    from hierbatch.models.hierspeechpp.denoiser.model import Denoiser
    from hierbatch.models.hierspeechpp.denoiser.weights import load_denoiser
    from hierbatch.models.hierspeechpp.denoiser.windows import denoise

    torch.set_num_threads(1)
    network = load_denoiser(weights) if weights else with_rule_weights(Denoiser(DenoiserConfig()).eval())
    voice = read_sound(VOICE)
    sound = torch.from_numpy(voice.samples[: int(INPUT_S * voice.rate_hz)])
    print("| windows s | signal to difference, dB | magnitudes only, dB |\n| --- | --- | --- |")
    with torch.inference_mode():
        windowed = {window_s: denoise(network, sound, window_s=window_s) for window_s in windows_s}
        whole = denoise(network, sound, window_s=INPUT_S)
        for window_s, found in windowed.items():
            of_samples, of_magnitudes = window_error_db(whole, found, network)
            print(f"| {window_s:g} | {of_samples:.1f} | {of_magnitudes:.1f} |")
    print(f"\npeak {_peak_mb():.0f} MB")


def window_error_db(wanted: Tensor, found: Tensor, network: Denoiser) -> tuple[float, float]:
    """Ratio of reference to difference in dB, for waveforms and for their magnitude spectra. Shapes: [L], [L]."""
    from hierbatch.models.hierspeechpp.denoiser.model import short_time_spectrum

    def ratio_db(reference: Tensor, other: Tensor) -> float:
        return float(10 * (reference.square().sum() / (reference - other).square().sum()).log10())

    magnitudes = (short_time_spectrum(sound, network.config).abs() for sound in (wanted, found))
    return ratio_db(wanted, found), ratio_db(*magnitudes)


def with_rule_weights(network: Denoiser) -> Denoiser:
    """Fill a network with deterministic golden-style weights, generated under its own weight names."""
    import torch

    from tools.parity.golden import rule_tensor

    weights = {name: rule_tensor(name, value.shape, "") for name, value in network.state_dict().items()}
    network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    return network


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KB_PER_MIB


if __name__ == "__main__":
    main()
