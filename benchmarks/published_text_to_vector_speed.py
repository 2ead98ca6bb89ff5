"""How fast the published TTV turns text into semantic vectors on a CPU, alone and sixteen at a time.

    python benchmarks/published_text_to_vector_speed.py
    python benchmarks/published_text_to_vector_speed.py --repeats 5 --threads 0     # all threads

Weights are random, which costs the same. Every row has 151 symbols with blanks and 3.5 s of speech. CPU seconds are
told, of several repeats, taken in turns, the fewest. "read" is the text side (encoder and durations), which runs row by
row; "speak" is flow, decoder and pitch, which run together. "plain" is `plain_text_to_vector.py`: the same maths and no
thought of speed, which hears its prompt of 3 s with every row, where ours hears it once a voice; "plain, style known"
leaves that out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from plain_text_to_vector import PlainTextToVector
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
    print("| rows | read s | speak s | s a row | x real time | rows a minute |\n| --- | --- | --- | --- | --- | --- |")
    with torch.inference_mode():
        plain_s, ours_s = measure_alone(network, repeats)
        told = {"plain, style known, 1": plain_s[1:], "plain, 1": plain_s, "ours, 1": ours_s}
        told |= {f"ours, {n_rows}": _measure(network, n_rows, repeats) for n_rows in BATCHES}
    for name, parts_s in told.items():
        *style_s, read_s, speak_s = parts_s
        row_s = sum(parts_s) / int(name.rpartition(" ")[2])
        cells = (
            f"{read_s + sum(style_s):.2f}",
            f"{speak_s:.2f}",
            f"{row_s:.3f}",
            f"{row_s * FRAMES_PER_SECOND / N_FRAMES:.3f}",
            f"{60 / row_s:.0f}",
        )
        print(f"| {name} | {' | '.join(cells)} |")
    print(f"\nours alone, against plain: {sum(plain_s) / sum(ours_s):.2f} x as fast")


def measure_alone(network: TextToVector, repeats: int) -> tuple[list[float], list[float]]:
    """CPU seconds of one row in turns, once both are seen to give the same.

    Returns:
        Of the plain implementation style, reading and speaking; of ours reading and speaking.
    """
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
    took_s = _fastest(
        repeats,
        lambda: plain.style(mel),
        lambda: plain.read(tokens, style, noise),
        lambda: plain.speak(mean, log_scale, frames, style, drawn),
        read,
        lambda: network.speak(prior, frames, style, drawn),
    )
    return took_s[:3], took_s[3:]


def _measure(network: TextToVector, n_rows: int, repeats: int) -> list[float]:
    """CPU seconds of reading, row by row, and of speaking so many rows together."""
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
    read_s, speak_s = _fastest(repeats, read, lambda: network.speak(batch, frames, styles, drawn))
    return [n_rows * read_s, speak_s]


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
