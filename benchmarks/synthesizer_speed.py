"""Speed of the hierarchical synthesizer, compared with a plain implementation.

    python benchmarks/synthesizer_speed.py                      # one thread
    python benchmarks/synthesizer_speed.py --threads 0 --repeats 5   # all threads

The weights are random and of the published sizes. Times are CPU seconds on one thread (independent of other load) and
wall seconds on several, the fastest of several alternating repeats. "Convolutions only" is the network without its
anti-aliased snakes, an upper limit for any faster snake.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from plain_anti_aliased import convolutions_only, plain
from torch import Tensor

from hierbatch.constants import FRAMES_PER_SECOND
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1, help="0 for all")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--seconds", type=float, nargs="+", default=[1.0, 5.0], help="durations of the synthesized audio"
    )
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    clock = time.process_time if options.threads == 1 else time.monotonic
    torch.manual_seed(0)
    model = Synthesizer(SynthesizerConfig(), is_for_training=False).eval()
    kinds = {"plain": plain(model), "hierbatch": model, "convolutions only": convolutions_only(model)}
    print(f"{torch.get_num_threads()} thread(s); seconds, and multiple of real time in brackets\n")
    print(f"| seconds of audio | {' | '.join(kinds)} | plain / hierbatch |")
    print(f"| --- |{' --- |' * (len(kinds) + 1)}")
    for sound_s in options.seconds:
        inputs = inputs_of(model, sound_s)
        works = {name: lambda network=network, x=inputs: network(*x) for name, network in kinds.items()}
        times_s = measure(works, options, clock)
        cells = " | ".join(f"{times_s[name]:.2f} ({times_s[name] / sound_s:.2f})" for name in kinds)
        print(f"| {sound_s:g} | {cells} | {times_s['plain'] / times_s['hierbatch']:.2f} |", flush=True)


def inputs_of(model: Synthesizer, sound_s: float) -> tuple[Tensor, ...]:
    """Random inputs of the synthesizer for a duration: content, F0, lengths, style, noise."""
    n_frames, config = round(sound_s * FRAMES_PER_SECOND), model.config
    return (
        torch.randn(1, config.semantic_channels, n_frames),
        torch.rand(1, 1, config.f0_per_frame * n_frames) * 5,
        torch.tensor([n_frames]),
        torch.randn(1, config.style_channels),
        torch.randn(1, config.channels, n_frames),
    )


def measure(
    works: dict[str, Callable[[], object]], options: argparse.Namespace, clock: Callable[[], float]
) -> dict[str, float]:
    """Time all works alternately; returns the fastest time of each in seconds."""
    times_s = dict.fromkeys(works, float("inf"))
    with torch.inference_mode():
        for repeat in range(options.repeats + 1):
            for name, work in works.items():
                started_s = clock()
                work()
                if repeat:  # the first round warms up
                    times_s[name] = min(times_s[name], clock() - started_s)
    return times_s


if __name__ == "__main__":
    main()
