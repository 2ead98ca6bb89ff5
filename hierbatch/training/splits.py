"""Which speakers no model of this project may be trained on."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Literal

Split = Literal["train", "development", "evaluation"]


@functools.cache
def held_out_speakers() -> dict[str, Split]:
    """Speaker id to the set it is kept for: `development` for choices, `evaluation` for what is published."""
    text = resources.files("hierbatch.training").joinpath("held_out.json").read_text(encoding="utf-8")
    kept: dict[str, list[str]] = json.loads(text)
    speakers: dict[str, Split] = dict.fromkeys(kept["development"], "development")
    speakers.update(dict.fromkeys(kept["evaluation"], "evaluation"))
    return speakers


def split_of(speaker: str) -> Split:
    return held_out_speakers().get(speaker, "train")
