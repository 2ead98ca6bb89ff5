"""Options for the prices of workers and storage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from hierbatch.option import Option, OptionGroup


@dataclass(frozen=True, kw_only=True)
class Prices(OptionGroup):
    """Speed and price of a worker, and the price of storage."""

    times_real_time: Annotated[
        float,
        Option("Speed of one worker, as run reports it; 0: that of the packaged model on a core.", minimum=0),
    ] = 0.0
    hour_price: Annotated[float, Option("Price of an hour of one worker, a CPU core or its GPUs.", minimum=0)] = 0.0
    gb_price: Annotated[float, Option("Price of a gigabyte of audio, such as a month of storage.", minimum=0)] = 0.0
