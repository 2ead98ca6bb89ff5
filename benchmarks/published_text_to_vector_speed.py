"""How fast the published TTV turns text into semantic vectors on one CPU thread, alone and sixteen at a time.

    python benchmarks/published_text_to_vector_speed.py
    python benchmarks/published_text_to_vector_speed.py --repeats 5

Weights are random, which costs the same. Every row has 151 symbols with blanks and 3.5 s of speech. CPU seconds are
told, of several repeats the fewest. "read" is the text side (encoder and durations), which runs row by row; "speak" is
flow, decoder and pitch, which run together. "plain" is `plain_text_to_vector.py`: the same maths straight down, which
hears its prompt of 3 s with every row, where ours hears it once a voice; "plain, style known" leaves that out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.plain_text_to_vector import PlainTextToVector
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
        alone_s = _plain(network, repeats)
        for n_rows in BATCHES:
            read_s, speak_s = _measure(network, n_rows, repeats)
            row_s = (read_s + speak_s) / n_rows
            real_time = row_s / (N_FRAMES / FRAMES_PER_SECOND)
            print(
                f"| ours, {n_rows} | {read_s:.2f} | {speak_s:.2f} | {row_s:.3f} | {real_time:.3f} | {60 / row_s:.0f} |"
            )
            if n_rows == 1:
                ours_s = row_s
    print(f"\nours alone, against plain: {alone_s / ours_s:.2f} x as fast")


def _plain(network: TextToVector, repeats: int) -> float:
    """CPU seconds of a row in the plain implementation, and a check that both give the same."""
    plain = PlainTextToVector(network.state_dict())
    tokens, mel = torch.randint(network.config.n_symbols, (1, N_SYMBOLS)), torch.randn(1, 80, 150)
    noise, drawn = torch.randn(1, 2, N_SYMBOLS), torch.randn(1, network.config.channels, N_FRAMES)
    frames = torch.ones(1, 1, N_SYMBOLS)
    frames[:, :, : N_FRAMES - N_SYMBOLS] = 2
    style = plain.style(mel)

    def read(style: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return plain.read(tokens, style, noise)

    mean, log_scale, log_durations = read(style)
    semantic, log_f0 = plain.speak(mean, log_scale, frames, style, drawn)
    prior = network.read(tokens, torch.tensor([N_SYMBOLS]), style)
    ours = network.speak(prior, frames, style, drawn)
    pairs = [
        (log_durations, network.durations(prior.hidden, prior.mask, style, noise)),
        (semantic, ours.semantic),
        (log_f0, ours.log_f0),
        (style, network.style(mel, torch.tensor([150]))),
    ]
    difference = max(float((one - other).abs().max() / other.abs().max()) for one, other in pairs)
    assert difference < 1e-3, f"the plain implementation gives something else: {difference:.1e}"
    style_s = _fastest(repeats, lambda: plain.style(mel))
    read_s = _fastest(repeats, lambda: read(style))
    speak_s = _fastest(repeats, lambda: plain.speak(mean, log_scale, frames, style, drawn))
    for name, row_s in (("plain, style known", read_s + speak_s), ("plain", style_s + read_s + speak_s)):
        real_time = row_s / (N_FRAMES / FRAMES_PER_SECOND)
        print(f"| {name}, 1 | {read_s:.2f} | {speak_s:.2f} | {row_s:.3f} | {real_time:.3f} | {60 / row_s:.0f} |")
    return style_s + read_s + speak_s


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
