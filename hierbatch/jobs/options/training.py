"""Options for the training of networks of the published structures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from hierbatch.option import Option, OptionGroup


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(OptionGroup):
    """Configuration, schedule and processes of a training."""

    TITLE = "Training"

    config: Annotated[
        str | None, Option("TOML file, or name of a packaged configuration. Default: the published one.")
    ] = None
    steps: Annotated[int | None, Option("Total training steps. Default: those of the configuration.", minimum=1)] = None
    minutes: Annotated[float | None, Option("Time limit; the same command resumes.", minimum=0)] = None
    device: Annotated[str, Option("cpu, or a GPU such as cuda.")] = "cpu"
    precision: Annotated[
        str | None, Option("float32, tf32 or bf16. Default: that of the configuration.", metavar="NAME")
    ] = None
    threads: Annotated[int, Option("CPU threads of each process.", minimum=1, maximum=1024)] = 1
    workers: Annotated[
        int, Option("Processes that share each batch, on Ray if more than one.", minimum=1, maximum=1024)
    ] = 1


@dataclass(frozen=True, kw_only=True)
class StartOptions(OptionGroup):
    """Weights that a training starts from."""

    TITLE = "Start weights"

    start: Annotated[
        str | None, Option("Run folder, bundle or published checkpoint. Default: random weights.", metavar="PATH")
    ] = None
    start_discriminators: Annotated[Path | None, Option("Published checkpoint of the discriminators.")] = None
    start_only: Annotated[
        str, Option("Pattern of the weights to take, such as '(decoder|pitch).*'.", metavar="PATTERN")
    ] = ".*"
    preset: Annotated[
        str,
        Option(
            "Weights to train: all; generator or speaker for the synthesizer; text or speaker for ttv.", metavar="NAME"
        ),
    ] = "all"
