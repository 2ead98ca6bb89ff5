"""How fast the published TTV turns text into semantic vectors on one CPU thread, alone and sixteen at a time.

    python benchmarks/published_text_to_vector_speed.py
    python benchmarks/published_text_to_vector_speed.py --repeats 5

Weights are random, which costs the same. Every row has 151 symbols with blanks and 3.5 s of speech; the style is heard
once a voice and not counted. CPU seconds are told, of several repeats the fewest. "read" is the text side (encoder and
durations), which runs row by row; "speak" is flow, decoder and pitch, which run together.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor

from hierbatch.models.text_to_vector.config import TextToVectorConfig
from hierbatch.models.text_to_vector.model import TextPrior, TextToVector
from hierbatch.units import FRAMES_PER_SECOND

N_SYMBOLS, N_FRAMES = 151, 175
BATCHES = (1, 4, 16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = TextToVector(TextToVectorConfig()).eval()
    print("| rows | read s | speak s | s a row | x real time | rows a minute |\n| --- | --- | --- | --- | --- | --- |")
    with torch.inference_mode():
        for n_rows in BATCHES:
            read_s, speak_s = _measure(network, n_rows, repeats)
            row_s = (read_s + speak_s) / n_rows
            real_time = row_s / (N_FRAMES / FRAMES_PER_SECOND)
            print(f"| {n_rows} | {read_s:.2f} | {speak_s:.2f} | {row_s:.3f} | {real_time:.3f} | {60 / row_s:.0f} |")


def _measure(network: TextToVector, n_rows: int, repeats: int) -> tuple[float, float]:
    tokens = torch.randint(network.config.n_symbols, (1, N_SYMBOLS))
    lengths, style = torch.tensor([N_SYMBOLS]), torch.randn(1, network.config.style_channels)
    noise = torch.randn(1, 2, N_SYMBOLS)

    def read() -> TextPrior:
        prior = network.read(tokens, lengths, style)
        network.durations(prior.hidden, prior.mask, style, noise)
        return prior

    one = read()
    batch = TextPrior(*(getattr(one, name).repeat(n_rows, 1, 1) for name in ("hidden", "mean", "log_scale", "mask")))
    frames = torch.ones(n_rows, 1, N_SYMBOLS)
    frames[:, :, : N_FRAMES - N_SYMBOLS] = 2
    drawn = torch.randn(n_rows, network.config.channels, N_FRAMES)
    styles = style.repeat(n_rows, 1)

    def speak() -> Tensor:
        return network.speak(batch, frames, styles, drawn).semantic

    return n_rows * _fastest(repeats, read), _fastest(repeats, speak)


def _fastest(repeats: int, work: Callable[[], object]) -> float:
    taken_s = []
    for _ in range(repeats):
        started_s = time.process_time()
        work()
        taken_s.append(time.process_time() - started_s)
    return min(taken_s)


if __name__ == "__main__":
    main()
