"""Speed of the published TTV (text to semantic vectors) on a CPU, for single rows and batches of up to 16.

    python benchmarks/text_to_vector_speed.py
    python benchmarks/text_to_vector_speed.py --repeats 5 --threads 0     # all threads

Weights are random, which does not affect speed. Every row has 151 symbols including blanks and 3.5 s of speech. Times
are CPU seconds, the minimum of several alternating repeats. "read" is the text encoder with durations, which runs row
by row; "speak" is flow, decoder and pitch, which are batched. "products" is all matrix products and convolutions of
both, replayed alone (`matmul_floor.py`), a lower bound. "plain" is `plain_text_to_vector.py`, an unoptimized
implementation that encodes its 3 s prompt with every row, while ours encodes it once per voice; "plain, style known"
excludes that.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from matmul_floor import matmul_replay
from plain_text_to_vector import PlainTextToVector
from torch import Tensor

from hierbatch.constants import FRAMES_PER_SECOND
from hierbatch.models.hierspeechpp.text_to_vector.config import TextToVectorConfig
from hierbatch.models.hierspeechpp.text_to_vector.model import TextPrior, TextToVector

N_SYMBOLS, N_FRAMES = 151, 175
BATCHES = (4, 16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="0 for all; wall time if more than one")
    options = parser.parse_args()
    repeats = options.repeats
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    network = TextToVector(TextToVectorConfig()).eval()
    print("| rows | read s | speak s | products s | s per row | x real time | rows per minute |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with torch.inference_mode():
        plain, ours = measure_alone(network, repeats)
        style_known = Timing(plain.read_s, plain.speak_s, plain.products_s)
        timings = {"plain, style known, 1": style_known, "plain, 1": plain, "ours, 1": ours}
        timings |= {f"ours, {n_rows}": _measure(network, n_rows, repeats) for n_rows in BATCHES}
    for name, timing in timings.items():
        row_s = timing.total_s / int(name.rpartition(" ")[2])
        cells = (
            f"{timing.style_s + timing.read_s:.2f}",
            f"{timing.speak_s:.2f}",
            f"{timing.products_s:.2f}",
            f"{row_s:.3f}",
            f"{row_s * FRAMES_PER_SECOND / N_FRAMES:.3f}",
            f"{60 / row_s:.0f}",
        )
        print(f"| {name} | {' | '.join(cells)} |")
    print(f"\nspeed-up of ours over plain, single rows: {plain.total_s / ours.total_s:.2f} x")


@dataclass(frozen=True, slots=True)
class Timing:
    """CPU seconds of a batch; `products_s` is the time of all products of `encode_text` and `speak`, replayed alone."""

    read_s: float
    speak_s: float
    products_s: float
    style_s: float = 0.0

    @property
    def total_s(self) -> float:
        """Time of style, read and speak together."""
        return self.style_s + self.read_s + self.speak_s


def measure_alone(network: TextToVector, repeats: int) -> tuple[Timing, Timing]:
    """Time one row of the plain implementation and of ours alternately, after checking that the outputs agree."""
    plain = PlainTextToVector(network.state_dict())
    tokens, mel = torch.randint(network.config.n_symbols, (1, N_SYMBOLS)), torch.randn(1, 80, 150)
    noise, drawn = torch.randn(1, 2, N_SYMBOLS), torch.randn(1, network.config.channels, N_FRAMES)
    style, frames, lengths = plain.style(mel), _frames(1), torch.tensor([N_SYMBOLS])
    mean, log_scale, log_durations = plain.read(tokens, style, noise)
    semantic, log_f0 = plain.speak(mean, log_scale, frames, style, drawn)
    prior = network.encode_text(tokens, lengths, style)
    ours = network.generate(prior, frames, style, drawn)

    def read() -> Tensor:
        text = network.encode_text(tokens, lengths, style)
        return network.durations(text.hidden, text.mask, style, noise)

    pairs = [
        (log_durations, read()),
        (semantic, ours.semantic),
        (log_f0, ours.log_f0),
        (style, network.style(mel, torch.tensor([150]))),
    ]
    difference = max(float((one - other).abs().max() / other.abs().max()) for one, other in pairs)
    assert difference < 1e-3, f"the plain implementation differs by {difference:.1e}"
    works: list[Callable[[], object]] = [
        lambda: plain.read(tokens, style, noise),
        lambda: plain.speak(mean, log_scale, frames, style, drawn),
        read,
        lambda: network.generate(prior, frames, style, drawn),
    ]
    style_s, *took_s = _fastest(repeats, lambda: plain.style(mel), *works, *map(matmul_replay, works))
    reads, speaks, products = took_s[0:4:2], took_s[1:4:2], (sum(took_s[4:6]), sum(took_s[6:8]))
    return Timing(reads[0], speaks[0], products[0], style_s), Timing(reads[1], speaks[1], products[1])


def _measure(network: TextToVector, n_rows: int, repeats: int) -> Timing:
    """Time reading row by row, and speaking `n_rows` rows in one batch."""
    tokens = torch.randint(network.config.n_symbols, (1, N_SYMBOLS))
    lengths, style = torch.tensor([N_SYMBOLS]), torch.randn(1, network.config.style_channels)
    noise = torch.randn(1, 2, N_SYMBOLS)

    def read() -> TextPrior:
        prior = network.encode_text(tokens, lengths, style)
        network.durations(prior.hidden, prior.mask, style, noise)
        return prior

    one = read()
    batch = TextPrior(*(getattr(one, name).repeat(n_rows, 1, 1) for name in ("hidden", "mean", "log_scale", "mask")))
    frames, styles = _frames(n_rows), style.repeat(n_rows, 1)
    drawn = torch.randn(n_rows, network.config.channels, N_FRAMES)
    works = [read, lambda: network.generate(batch, frames, styles, drawn)]
    read_s, speak_s, read_alone_s, speak_alone_s = _fastest(repeats, *works, *map(matmul_replay, works))
    return Timing(n_rows * read_s, speak_s, n_rows * read_alone_s + speak_alone_s)


def _frames(n_rows: int) -> Tensor:
    """Frames per symbol, `N_FRAMES` in total. Shape: [B, 1, N]."""
    frames = torch.ones(n_rows, 1, N_SYMBOLS)
    frames[:, :, : N_FRAMES - N_SYMBOLS] = 2
    return frames


def _fastest(repeats: int, *works: Callable[[], object]) -> list[float]:
    """Minimum time of each work in seconds, over alternating repeats."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    times_s: list[list[float]] = [[] for _ in works]
    for _ in range(repeats):
        for work, times in zip(works, times_s, strict=True):
            started_s = clock()
            work()
            times.append(clock() - started_s)
    return [min(times) for times in times_s]


if __name__ == "__main__":
    main()
