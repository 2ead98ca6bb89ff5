"""Peak memory of `hierbatch upsample` or `convert` for one long recording, by its length, in fresh processes.

    python benchmarks/upsample_memory.py                          # 5 and 60 minutes
    python benchmarks/upsample_memory.py --minutes 5 --model official
    python benchmarks/upsample_memory.py --command convert --source-rate 48000

The recording is generated: bursts of noise, by default at 16 kHz, with level and pauses similar to speech. The command
runs with one worker in its own process (`--engine local`), so `ru_maxrss` of that process covers everything, also the
memory map of an encoded result, whose size is printed next to the peak. A conversion holds the recording
at 16 kHz, too.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import soundfile

from hierbatch.programs import run_program

PROMPT = Path(__file__).parents[1] / "manifests" / "voices" / "narrator.flac"
KB_PER_MIB = 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, nargs="+", default=[5, 60])
    parser.add_argument("--command", choices=["upsample", "convert"], default="upsample")
    parser.add_argument("--model", default="")
    parser.add_argument("--rate", type=int, default=48_000)
    parser.add_argument("--source-rate", type=int, default=16_000)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(one_run(options.one, options.command, options.model, options.rate))
        return
    print("| minutes | peak MB | result MB | n_samples exact | seconds |\n| --- | --- | --- | --- | --- |")
    for minutes in options.minutes:
        with tempfile.TemporaryDirectory() as folder:
            n_samples = write_recording(Path(folder), minutes, options.source_rate)
            command = [sys.executable, __file__, "--one", folder, "--command", options.command]
            command += ["--model", options.model, "--rate", str(options.rate)]
            started_s = time.monotonic()
            peak_mb = float(run_program(command, timeout_s=4 * 3600).decode().split()[-1])
            wall_s = time.monotonic() - started_s
            part = next(Path(folder, "run", "parts").glob("*.parquet"))
            take = pq.read_table(part).to_pylist()[0]
            wanted = n_samples * options.rate // options.source_rate
            is_exact = "yes" if take["n_samples"] == wanted else f"no: {take['n_samples']}, expected {wanted}"
            size_mb = len(take["audio"]["bytes"]) / 2**20
            print(f"| {minutes:g} | {peak_mb:.0f} | {size_mb:.0f} | {is_exact} | {wall_s:.0f} |", flush=True)


def write_recording(folder: Path, minutes: float, rate_hz: int) -> int:
    """Write a FLAC file and its manifest; returns the number of samples."""
    rng, n_blocks = np.random.default_rng(0), round(minutes * 60)
    with soundfile.SoundFile(folder / "long.flac", "w", rate_hz, 1) as file:
        for _ in range(n_blocks):
            level = np.repeat(rng.choice([0.0, 0.02, 0.1], 10), rate_hz // 10)
            file.write(level * rng.standard_normal(rate_hz))
    (folder / "m.csv").write_text("id,source\nlong,long.flac\n", encoding="utf-8")
    return n_blocks * rate_hz


def one_run(folder: Path, command: str, model: str, rate: int) -> str:
    """Run the command in this process; returns its peak memory in MB."""
    from hierbatch.cli.app import app

    arguments = [command, str(folder / "m.csv"), "--out", str(folder / "run"), "--rate-hz", str(rate)]
    arguments += ["--model", model] if model else []
    arguments += ["--voice", str(PROMPT)] if command == "convert" else []
    app([*arguments, "--engine", "local"], standalone_mode=False)
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KB_PER_MIB:.0f}"


if __name__ == "__main__":
    main()
