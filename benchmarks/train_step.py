"""Time, operations and memory of a training step, for every shipped configuration.

    python benchmarks/train_step.py --rows 1 synthesizer_tiny ttv_tiny speechsr_tiny    # a CPU
    python benchmarks/train_step.py --device cuda --precision bf16 --rows 16            # a GPU, all configurations

The data are random and as long as the configuration allows. A step updates the discriminators and the generator.
Seconds are CPU seconds on one thread (independent of other load), wall seconds otherwise. Operations are those of the
forward and backward passes, counted by PyTorch; memory is the peak of the process on a CPU (Linux), with its libraries,
and of the allocated memory on a GPU. A configuration that does not fit into the memory is listed as such.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peak_memory import peak_mb, reset_peak
from torch.utils.flop_counter import FlopCounterMode

from hierbatch.toml_config import read_config
from hierbatch.training.config_file import find_config, shipped_configs
from hierbatch.training.full_band import FullBandClip
from hierbatch.training.hierspeechpp.speechsr import SpeechSRRecipe
from hierbatch.training.hierspeechpp.speechsr_config import SpeechSRTraining
from hierbatch.training.hierspeechpp.synthesizer import SynthesizerRecipe
from hierbatch.training.hierspeechpp.synthesizer_config import SynthesizerTraining
from hierbatch.training.hierspeechpp.text_to_vector import TextToVectorRecipe
from hierbatch.training.hierspeechpp.text_to_vector_config import TextToVectorTraining
from hierbatch.training.prepared import PreparedUtterance
from hierbatch.training.trainer.recipe import Recipe
from hierbatch.training.trainer.trainer import Trainer

KINDS: dict[str, Any] = {"synthesizer": SynthesizerTraining, "ttv": TextToVectorTraining, "speechsr": SpeechSRTraining}


class RandomSpeech:
    """Prepared speech of noise, at any rate."""

    def __init__(self, n_frames: int, channels: int, hop_samples: int = 320, n_utterances: int = 64) -> None:
        self._channels, self._hop_samples = channels, hop_samples
        phonemes = " ".join(["ɑ", "i", "u", "ɛ"] * max(1, min(190, n_frames // 12) // 4)) + " ."
        self.utterances = [
            PreparedUtterance(
                id=f"u{number}", speaker=f"s{number % 8}", language="en", phonemes=phonemes, n_frames=n_frames,
                first_frame=0, shard=0,
            )
            for number in range(n_utterances)
        ]  # fmt: skip

    def split(self, split: str) -> list[PreparedUtterance]:
        return [utterance for utterance in self.utterances if utterance.split == split]

    def audio(self, utterance: PreparedUtterance, start: int = 0, n_frames: int | None = None) -> NDArray[np.float32]:
        return 0.1 * self._noise(utterance, n_frames, 320)[0]

    def sound(self, utterance: PreparedUtterance, start: int = 0, n_frames: int | None = None) -> NDArray[np.float32]:
        return 0.1 * self._noise(utterance, n_frames, self._hop_samples)[0]

    def semantic(
        self, utterance: PreparedUtterance, start: int = 0, n_frames: int | None = None
    ) -> NDArray[np.float32]:
        return np.ascontiguousarray(self._noise(utterance, n_frames, 1, self._channels).T)

    def fine_f0_hz(
        self, utterance: PreparedUtterance, start: int = 0, n_frames: int | None = None
    ) -> NDArray[np.float32]:
        return 150 + 20 * self._noise(utterance, n_frames, 4)[0]

    def _noise(
        self, utterance: PreparedUtterance, n_frames: int | None, per_frame: int, channels: int = 1
    ) -> NDArray[np.float32]:
        length = (utterance.n_frames if n_frames is None else n_frames) * per_frame
        return np.random.default_rng(7).standard_normal((channels, length), dtype=np.float32)


def main() -> None:
    options = parse_options()
    torch.set_num_threads(options.threads or torch.get_num_threads())
    print(f"{device_name(options.device)}, {options.precision}, {options.rows} rows a step\n")
    print("| configuration | weights | seconds a step | rows a second | GFLOP a row | TFLOP/s | memory |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in options.configs or shipped_configs():
        print(row_of(name, options), flush=True)
        gc.collect()
        if options.device != "cpu":
            torch.cuda.empty_cache()


def parse_options() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("configs", nargs="*", help="configurations; all shipped ones by default")
    parser.add_argument("--rows", type=int, default=1, help="rows of a step")
    parser.add_argument("--frames", type=int, default=192, help="longest row, 50 frames a second")
    parser.add_argument("--steps", type=int, default=2, help="timed steps, after one that is not; 0 times that one")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads, 0 for all")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="float32")
    return parser.parse_args()


def row_of(name: str, options: argparse.Namespace) -> str:
    """Table row of one configuration."""
    try:
        with tempfile.TemporaryDirectory() as run:
            figures = measure(name, options, Path(run))
    except torch.OutOfMemoryError:
        return f"| {name} | | does not fit into the memory | | | | |"
    step_s, gflop = figures["step_s"], figures["gflop"]
    return (
        f"| {name} | {figures['weights'] / 1e6:.3g} M | {step_s:.3g} | {options.rows / step_s:.3g} "
        f"| {gflop / options.rows:.4g} | {gflop / step_s / 1000:.3g} | {figures['memory'] / 2**30:.2f} GiB |"
    )


def measure(name: str, options: argparse.Namespace, run: Path) -> dict[str, float]:
    """Time, operations and memory of a step of one configuration."""
    if options.device == "cpu":
        reset_peak()
    else:
        torch.cuda.reset_peak_memory_stats()
    recipe = make_recipe(name, options)
    config: Any = recipe.config  # type: ignore[attr-defined]
    trainer = Trainer(recipe, run, config.run.options(precision=options.precision))
    clock = time.process_time if options.device == "cpu" and torch.get_num_threads() == 1 else time.perf_counter
    started = clock()
    with FlopCounterMode(display=False) as counter:
        trainer._train_step()
    synchronize(options.device)
    if options.steps:
        started = clock()
    for _ in range(options.steps):
        trainer._train_step()
    synchronize(options.device)
    weights = sum(weight.numel() for weight in recipe.networks["generator"].parameters())
    return {
        "weights": weights,
        "step_s": (clock() - started) / max(1, options.steps),
        "gflop": counter.get_total_flops() / 1e9,
        "memory": memory_bytes(options.device),
    }


def make_recipe(name: str, options: argparse.Namespace) -> Recipe:
    """Recipe of a configuration on random data."""
    family = name.partition("_")[0]
    config = read_config(KINDS[family], find_config(name))
    data = replace(config.data, batch_rows=options.rows, validation_rows=1)
    if family == "speechsr":
        rate_hz = config.network.rate_hz
        samples = np.random.default_rng(1).integers(-9000, 9000, 2 * rate_hz).astype(np.int16)
        clips = [FullBandClip(id="a", speaker="a", is_held_out=False, samples=samples, rate_hz=rate_hz)]
        return SpeechSRRecipe(replace(config, data=data), clips, device=options.device)
    data = replace(data, max_frames=min(data.max_frames, options.frames), bucketed=False)
    hop = config.network.hop_samples if family == "synthesizer" else 320
    speech: Any = RandomSpeech(data.max_frames, config.network.semantic_channels, hop)
    if family == "synthesizer":
        return SynthesizerRecipe(replace(config, data=data), speech, device=options.device, sounds=speech)
    return TextToVectorRecipe(replace(config, data=data), speech, device=options.device)


def memory_bytes(device: str) -> float:
    """Peak memory in bytes: that of the process on a CPU, that of the allocations on a GPU."""
    return 1e6 * peak_mb() if device == "cpu" else float(torch.cuda.max_memory_allocated())


def synchronize(device: str) -> None:
    """Wait for a GPU."""
    if device != "cpu":
        torch.cuda.synchronize()


def device_name(device: str) -> str:
    """Name of the device for the heading."""
    return f"CPU, {torch.get_num_threads()} thread(s)" if device == "cpu" else torch.cuda.get_device_name()


if __name__ == "__main__":
    main()
