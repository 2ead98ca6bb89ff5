"""Output of a training run: learning curves, TensorBoard files, a picture, sounds, and the progress line.

RUN/
  curve.jsonl     step, kind (train or validation) and metrics; resuming deletes lines after the last checkpoint
  curve.png       all metrics over the steps
  tensorboard/    the same metrics, with sounds and log-mel spectrograms
  samples/step-N  NAME.flac and NAME.png
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from hierbatch.storage import write_atomically
from hierbatch.training.trainer.recipe import Sample

_CURVE, _PICTURE = "curve.jsonl", "curve.png"


class Curves:
    """Writer of a run's curves; continues the curves of a resumed run after `step`."""

    def __init__(self, run: Path, step: int) -> None:
        self._run = run
        run.mkdir(parents=True, exist_ok=True)
        self._cut_after(step)
        self._board: Any = None
        if find_spec("tensorboardX") is not None:
            import tensorboardX

            logging.getLogger("tensorboardX").setLevel(logging.ERROR)
            self._board = tensorboardX.SummaryWriter(str(run / "tensorboard"), purge_step=step + 1, flush_secs=30)

    def add(self, step: int, kind: str, figures: Mapping[str, float]) -> None:
        """Append the metrics of one step.

        Args:
            step: number of completed steps.
            kind: `train` or `validation`.
            figures: metrics by name.
        """
        line: dict[str, Any] = {"step": step, "kind": kind, **{name: float(f"{v:.6g}") for name, v in figures.items()}}
        with (self._run / _CURVE).open("a", encoding="utf-8") as curve:
            curve.write(json.dumps(line) + "\n")
        if self._board is not None:
            for name, value in figures.items():
                self._board.add_scalar(f"{kind}/{name}", value, step)

    def add_samples(self, step: int, samples: Sequence[Sample]) -> None:
        """Write audio samples, with images of their log-mel spectrograms."""
        folder = self._run / "samples" / f"step-{step:07d}"
        for sample in samples:
            folder.mkdir(parents=True, exist_ok=True)
            loudest = max(1.0, float(np.abs(sample.samples).max(initial=0.0)))
            soundfile.write(folder / f"{sample.name}.flac", sample.samples / loudest, sample.rate_hz)
            picture = _mel_picture(sample.mel)
            if find_spec("PIL") is not None:
                from PIL import Image

                Image.fromarray(picture).save(folder / f"{sample.name}.png")
            if self._board is not None:
                self._board.add_image(f"samples/{sample.name}", picture, step, dataformats="HW")
                self._board.add_audio(f"samples/{sample.name}", sample.samples / loudest, step, sample.rate_hz)

    def write_picture(self) -> None:
        """Draw all curves into `curve.png`, if matplotlib is installed."""
        if find_spec("matplotlib") is not None:
            with write_atomically(self._run / _PICTURE) as temporary:
                draw_curves(read_curve(self._run), temporary)

    def close(self) -> None:
        """Flush the TensorBoard files."""
        if self._board is not None:
            self._board.close()

    def _cut_after(self, step: int) -> None:
        """Delete the lines of later steps, which a resumed run writes again."""
        path = self._run / _CURVE
        if path.is_file():
            lines = [line for line in path.read_text(encoding="utf-8").splitlines() if _is_until(line, step)]
            with write_atomically(path) as temporary:
                temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_curve(run: Path) -> list[dict[str, Any]]:
    """Read all lines of a run's curve; an incomplete last line is left out."""
    path = run / _CURVE
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return [json.loads(line) for line in text.splitlines() if line.endswith("}")]


def draw_curves(lines: Sequence[Mapping[str, Any]], target: Path) -> None:
    """Draw a plot of each metric over the steps: training in blue, validation in orange.

    Args:
        lines: lines of a curve.
        target: PNG file to write.
    """
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(name for line in lines for name in line if name not in ("step", "kind")))
    n_columns = 3
    n_rows = max(1, -(-len(names) // n_columns))
    figure = Figure(figsize=(4 * n_columns, 2.4 * n_rows))
    figure.subplots_adjust(0.04, 0.04, 0.99, 0.97, hspace=0.35, wspace=0.18)
    for position, name in enumerate(names):
        axes = figure.add_subplot(n_rows, n_columns, position + 1)
        for kind, color in (("train", "tab:blue"), ("validation", "tab:orange")):
            points = [(line["step"], line[name]) for line in lines if line["kind"] == kind and name in line]
            if points:
                axes.plot(*zip(*points, strict=True), color=color, marker="." if len(points) < 20 else "")
        axes.set_title(name, fontsize=9)
        axes.tick_params(labelsize=7)
    figure.savefig(target, format="png", dpi=100)


def progress_line(
    name: str, step: int, n_steps: int, losses: Mapping[str, float], learning_rate: float, step_s: float
) -> str:
    """Progress line for the terminal: step, losses, learning rate, time per step and remaining time.

    Args:
        name: name of the recipe.
        step: number of completed steps.
        n_steps: number of steps in the whole schedule.
        losses: mean losses since the last line.
        learning_rate: current learning rate.
        step_s: mean duration of a step in seconds.
    """
    shown = "  ".join(f"{loss} {value:.3g}" for loss, value in losses.items())
    remaining = duration_text((n_steps - step) * step_s)
    return f"{name}  {step}/{n_steps}  {shown}  rate {learning_rate:.2g}  {step_s:.2g} s a step  ETA {remaining}"


def duration_text(duration_s: float) -> str:
    """Format a duration in its two largest units, as in `3 h 20 min`."""
    minutes = round(duration_s / 60)
    if minutes < 1:
        return f"{duration_s:.0f} s"
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    units = [(days, "d"), (hours, "h"), (minutes, "min")]
    first = next(i for i, (count, _) in enumerate(units) if count)
    return " ".join(f"{count} {unit}" for count, unit in units[first : first + 2] if count)


def _mel_picture(mel: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Gray levels of a log-mel spectrogram, with low bands at the bottom. Shape: [M, T] -> [M, T]."""
    low, high = float(mel.min()), float(mel.max())
    levels = (mel[::-1] - low) / max(high - low, 1e-6)
    return np.round(levels * 255).astype(np.uint8)


def _is_until(line: str, step: int) -> bool:
    try:
        return int(json.loads(line)["step"]) <= step
    except (ValueError, KeyError):
        return False
