"""Speakers held out from training."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Literal

Split = Literal["train", "development", "evaluation"]


@functools.cache
def held_out_speakers() -> dict[str, Split]:
    """Split of each held-out speaker id: `development` for model selection, `evaluation` for published results."""
    text = resources.files("hierbatch.training").joinpath("held_out.json").read_text(encoding="utf-8")
    by_split: dict[str, list[str]] = json.loads(text)
    speakers: dict[str, Split] = dict.fromkeys(by_split["development"], "development")
    speakers.update(dict.fromkeys(by_split["evaluation"], "evaluation"))
    return speakers


def split_of(speaker: str) -> Split:
    """Split of a speaker; `train` unless held out."""
    return held_out_speakers().get(speaker, "train")
