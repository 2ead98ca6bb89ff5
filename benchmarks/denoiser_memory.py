"""How much memory and time the MP-SENet denoiser takes, by length of the prompt; a fresh process each.

    python benchmarks/denoiser_memory.py                      # 2.5 to 60 s in windows, 8 s in one piece too
    python benchmarks/denoiser_memory.py --weights g_best     # the published checkpoint; random weights otherwise

"resting" is the process with torch and the network in it, before it hears anything; "peak" is the most it ever held.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

from hierbatch.programs import run_program

LENGTHS = ((2.5, False), (8.0, True), (8.0, False), (15.0, False), (60.0, False))
MEBIBYTE_KB = 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=None)
    parser.add_argument("--one", nargs=2, metavar=("SECONDS", "WINDOW"), help="measure one length, in this process")
    options = parser.parse_args()
    if options.one:
        print(measure(float(options.one[0]), float(options.one[1]), options.weights))
        return
    from hierbatch.models.denoiser.windows import LONGEST_WHOLE_S

    print("| sound s | heard | resting MB | peak MB | CPU s | x real time |\n| --- | --- | --- | --- | --- | --- |")
    for length_s, is_whole in LENGTHS:
        window_s = length_s if is_whole else LONGEST_WHOLE_S
        words = [sys.executable, __file__, "--one", str(length_s), str(window_s)]
        words += ["--weights", str(options.weights)] if options.weights else []
        told = run_program(words, limit_s=3600).decode().split()
        how = "in one piece" if window_s >= length_s else f"in windows of {window_s:g} s"
        print(f"| {length_s:g} | {how} | {' | '.join(told)} |", flush=True)


def measure(length_s: float, window_s: float, weights: Path | None) -> str:
    import torch

    from hierbatch.models.denoiser.config import DenoiserConfig
    from hierbatch.models.denoiser.model import Denoiser
    from hierbatch.models.denoiser.weights import load_denoiser
    from hierbatch.models.denoiser.windows import denoise
    from hierbatch.units import RATE_HZ

    torch.set_num_threads(1)
    network = load_denoiser(weights) if weights else Denoiser(DenoiserConfig()).eval()
    sound = 0.1 * torch.randn(int(length_s * RATE_HZ), generator=torch.Generator().manual_seed(0))
    resting_mb = _peak_mb()
    started_s = time.process_time()
    with torch.inference_mode():
        denoise(network, sound, window_s=window_s)
    taken_s = time.process_time() - started_s
    return f"{resting_mb:.0f} {_peak_mb():.0f} {taken_s:.1f} {taken_s / length_s:.2f}"


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEBIBYTE_KB


if __name__ == "__main__":
    main()
