"""Options for jobs whose output folder already contains a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from hierbatch.option import Option, OptionGroup


@dataclass(frozen=True, kw_only=True)
class RunControl(OptionGroup):
    """Treatment of an existing run folder."""

    update: Annotated[bool, Option("Resume with changed rows or settings; valid takes are kept.")] = False
    """Start a new generation if the run folder was created with other settings or another manifest."""


@dataclass(frozen=True, kw_only=True)
class Sharding(OptionGroup):
    """Share of the rows to process, if several drivers divide a manifest among them."""

    shard: Annotated[
        str, Option("Process one share of the rows, such as 3/8, in a run folder of its own; compact merges all.")
    ] = ""
