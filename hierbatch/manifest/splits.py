"""Train, dev and test without a speaker in common."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping

from hierbatch.errors import InputError

DEFAULT_SPLIT = "train=0.9,dev=0.05,test=0.05"
UNSPLIT = "none"


def parse_split(text: str) -> dict[str, float]:
    """Shares by name from `train=0.9,dev=0.1`, the first taking what is left over; `none` is all in one.

    Raises:
        InputError: not of that form, or the shares are not positive or do not sum to 1.
    """
    if text.strip() == UNSPLIT:
        return {"train": 1.0}
    try:
        pairs = [part.split("=") for part in text.split(",")]
        shares = {name.strip(): float(share) for name, share in pairs}
        is_right = len(shares) == len(pairs) and all(name.isidentifier() for name in shares)
        is_right = is_right and min(shares.values()) > 0 and abs(sum(shares.values()) - 1) < 1e-6
    except ValueError:
        is_right = False
    if not is_right:
        raise InputError("The split is not clear", wanted=f"{DEFAULT_SPLIT}, or {UNSPLIT}", got=text)
    return shares


def split_speakers(languages: Mapping[str, str], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """The split of each speaker: by `shares` inside each language that has speakers enough, at least one everywhere.

    `languages` gives each speaker's own. The same speakers, shares and seed give the same split, on every machine.

    Raises:
        InputError: there are fewer speakers than splits.
    """
    if len(languages) < len(shares):
        raise InputError(
            "There are too few speakers for a split without a speaker in common",
            wanted=f"{len(shares)} for {', '.join(shares)}",
            got=str(len(languages)),
            mend=f"add voices of other speakers, or pass --split {UNSPLIT}",
        )
    groups: dict[str, list[str]] = defaultdict(list)
    for speaker in sorted(languages):
        groups[languages[speaker]].append(speaker)
    if all(len(group) < len(shares) for group in groups.values()):
        groups = {"": sorted(languages)}
    first = next(iter(shares))
    chosen: dict[str, str] = {}
    for language, group in groups.items():
        random.Random(f"{seed} {language}").shuffle(group)
        names = [first] * len(group) if len(group) < len(shares) else _dealt(len(group), shares)
        chosen.update(zip(group, names, strict=True))
    return chosen


def _dealt(n_speakers: int, shares: Mapping[str, float]) -> list[str]:
    first, *others = shares
    names: list[str] = []
    for rank, name in enumerate(others, start=1):
        n_left = n_speakers - len(names) - (len(shares) - rank)  # each that is still to come needs one
        names += [name] * max(1, min(n_left, round(shares[name] * n_speakers)))
    return [*names, *[first] * (n_speakers - len(names))]
