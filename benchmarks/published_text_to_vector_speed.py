"""How fast the published TTV turns text into semantic vectors on a CPU, alone and sixteen at a time.

    python benchmarks/published_text_to_vector_speed.py
    python benchmarks/published_text_to_vector_speed.py --repeats 5 --threads 0     # all threads

Weights are random, which costs the same. Every row has 151 symbols with blanks and 3.5 s of speech. CPU seconds are
told, of several repeats, taken in turns, the fewest. "read" is the text side (encoder and durations), which runs row by
row; "speak" is flow, decoder and pitch, which run together. "products" is all matrix products and convolutions of both,
done again with nothing between them (`products_alone.py`): what no other way of writing the rest can pass. "plain" is
`plain_text_to_vector.py`: the same maths and no thought of speed, which hears its prompt of 3 s with every row, where
ours hears it once a voice; "plain, style known" leaves that out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from plain_text_to_vector import PlainTextToVector
from products_alone import products_of
from torch import Tensor

from hierbatch.models.text_to_vector.config import TextToVectorConfig
from hierbatch.models.text_to_vector.model import TextPrior, TextToVector
from hierbatch.units import FRAMES_PER_SECOND

N_SYMBOLS, N_FRAMES = 151, 175
BATCHES = (4, 16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="0 for all; more than one are timed by the clock")
    options = parser.parse_args()
    repeats = options.repeats
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    network = TextToVector(TextToVectorConfig()).eval()
    print("| rows | read s | speak s | products s | s a row | x real time | rows a minute |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with torch.inference_mode():
        plain, ours = measure_alone(network, repeats)
        known = Took(plain.read_s, plain.speak_s, plain.products_s)
        told = {"plain, style known, 1": known, "plain, 1": plain, "ours, 1": ours}
        told |= {f"ours, {n_rows}": _measure(network, n_rows, repeats) for n_rows in BATCHES}
    for name, took in told.items():
        row_s = took.all_s / int(name.rpartition(" ")[2])
        cells = (
            f"{took.style_s + took.read_s:.2f}",
            f"{took.speak_s:.2f}",
            f"{took.products_s:.2f}",
            f"{row_s:.3f}",
            f"{row_s * FRAMES_PER_SECOND / N_FRAMES:.3f}",
            f"{60 / row_s:.0f}",
        )
        print(f"| {name} | {' | '.join(cells)} |")
    print(f"\nours alone, against plain: {plain.all_s / ours.all_s:.2f} x as fast")


@dataclass(frozen=True, slots=True)
class Took:
    """CPU seconds of some rows; `products_s` is what the products of reading and speaking take alone."""

    read_s: float
    speak_s: float
    products_s: float
    style_s: float = 0.0

    @property
    def all_s(self) -> float:
        return self.style_s + self.read_s + self.speak_s


def measure_alone(network: TextToVector, repeats: int) -> tuple[Took, Took]:
    """One row of the plain implementation and of ours, in turns, once both are seen to give the same."""
    plain = PlainTextToVector(network.state_dict())
    tokens, mel = torch.randint(network.config.n_symbols, (1, N_SYMBOLS)), torch.randn(1, 80, 150)
    noise, drawn = torch.randn(1, 2, N_SYMBOLS), torch.randn(1, network.config.channels, N_FRAMES)
    style, frames, lengths = plain.style(mel), _frames(1), torch.tensor([N_SYMBOLS])
    mean, log_scale, log_durations = plain.read(tokens, style, noise)
    semantic, log_f0 = plain.speak(mean, log_scale, frames, style, drawn)
    prior = network.read(tokens, lengths, style)
    ours = network.speak(prior, frames, style, drawn)

    def read() -> Tensor:
        text = network.read(tokens, lengths, style)
        return network.durations(text.hidden, text.mask, style, noise)

    pairs = [
        (log_durations, read()),
        (semantic, ours.semantic),
        (log_f0, ours.log_f0),
        (style, network.style(mel, torch.tensor([150]))),
    ]
    difference = max(float((one - other).abs().max() / other.abs().max()) for one, other in pairs)
    assert difference < 1e-3, f"the plain implementation gives something else: {difference:.1e}"
    works: list[Callable[[], object]] = [
        lambda: plain.read(tokens, style, noise),
        lambda: plain.speak(mean, log_scale, frames, style, drawn),
        read,
        lambda: network.speak(prior, frames, style, drawn),
    ]
    style_s, *took_s = _fastest(repeats, lambda: plain.style(mel), *works, *map(products_of, works))
    reads, speaks, products = took_s[0:4:2], took_s[1:4:2], (sum(took_s[4:6]), sum(took_s[6:8]))
    return Took(reads[0], speaks[0], products[0], style_s), Took(reads[1], speaks[1], products[1])


def _measure(network: TextToVector, n_rows: int, repeats: int) -> Took:
    """Reading row by row, and speaking so many rows together."""
    tokens = torch.randint(network.config.n_symbols, (1, N_SYMBOLS))
    lengths, style = torch.tensor([N_SYMBOLS]), torch.randn(1, network.config.style_channels)
    noise = torch.randn(1, 2, N_SYMBOLS)

    def read() -> TextPrior:
        prior = network.read(tokens, lengths, style)
        network.durations(prior.hidden, prior.mask, style, noise)
        return prior

    one = read()
    batch = TextPrior(*(getattr(one, name).repeat(n_rows, 1, 1) for name in ("hidden", "mean", "log_scale", "mask")))
    frames, styles = _frames(n_rows), style.repeat(n_rows, 1)
    drawn = torch.randn(n_rows, network.config.channels, N_FRAMES)
    works = [read, lambda: network.speak(batch, frames, styles, drawn)]
    read_s, speak_s, read_alone_s, speak_alone_s = _fastest(repeats, *works, *map(products_of, works))
    return Took(n_rows * read_s, speak_s, n_rows * read_alone_s + speak_alone_s)


def _frames(n_rows: int) -> Tensor:
    """Frames of every symbol. Shape: [B, 1, N]."""
    frames = torch.ones(n_rows, 1, N_SYMBOLS)
    frames[:, :, : N_FRAMES - N_SYMBOLS] = 2
    return frames


def _fastest(repeats: int, *works: Callable[[], object]) -> list[float]:
    """Seconds of each, taken in turns, of several repeats the fewest."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    taken_s: list[list[float]] = [[] for _ in works]
    for _ in range(repeats):
        for work, taken in zip(works, taken_s, strict=True):
            started_s = clock()
            work()
            taken.append(clock() - started_s)
    return [min(taken) for taken in taken_s]


if __name__ == "__main__":
    main()
