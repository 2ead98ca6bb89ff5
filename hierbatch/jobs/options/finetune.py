"""Options of fine-tuning to one voice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from hierbatch.option import Option, OptionGroup

PROMPT_FILE = "voice.flac"
"""Name of the file with the speaker's prompt in the folder of a fine-tuned model."""


@dataclass(frozen=True, kw_only=True)
class FinetuneSettings(OptionGroup):
    """Schedule of fine-tuning to one voice."""

    TITLE: ClassVar[str] = "Training"

    steps: Annotated[int, Option("Training steps of the whole schedule.", minimum=1, maximum=100_000)] = 400
    minutes: Annotated[float | None, Option("Time limit of training; the same command resumes.", minimum=0)] = None
    learning_rate: Annotated[
        float,
        Option("Peak learning rate of the acoustic model; the vocoder uses a quarter of it.", minimum=1e-9, maximum=1),
    ] = 2e-4
    vocoder: Annotated[
        bool, Option("Also train the vocoder against discriminators, at three times the cost of a step.")
    ] = False
    device: Annotated[str, Option("cpu, or a GPU such as cuda.")] = "cpu"
