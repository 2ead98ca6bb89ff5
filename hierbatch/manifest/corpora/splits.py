"""Speaker-disjoint train, dev and test splits."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping

from hierbatch.errors import InputError

DEFAULT_SPLIT = "train=0.9,dev=0.05,test=0.05"
NO_SPLIT = "none"


def parse_split(text: str) -> dict[str, float]:
    """Parse the share of each split, such as `train=0.9,dev=0.1`; `none` gives a single split `train`.

    The order counts: the first split also gets the speakers that remain after rounding.

    Raises:
        InputError: the text has another format, or the shares are not positive or do not sum to 1.
    """
    if text.strip() == NO_SPLIT:
        return {"train": 1.0}
    try:
        pairs = [part.split("=") for part in text.split(",")]
        shares = {name.strip(): float(share) for name, share in pairs}
        is_valid = len(shares) == len(pairs) and all(name.isidentifier() for name in shares)
        is_valid = is_valid and min(shares.values()) > 0 and abs(sum(shares.values()) - 1) < 1e-6
    except ValueError:
        is_valid = False
    if not is_valid:
        raise InputError("Invalid split", expected=f"{DEFAULT_SPLIT}, or {NO_SPLIT}", got=text, fix="change --split")
    return shares


def split_speakers(languages: Mapping[str, str], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Assign each speaker to a split, and return the splits by speaker.

    The speakers of each language are divided separately, with at least one speaker per split. If a language has fewer
    speakers than there are splits, they all go to the first split; if this holds for every language, all speakers are
    divided together. The result is the same on every machine.

    Args:
        languages: language of each speaker.
        shares: share of each split, summing to 1.
        seed: seed of the shuffle.

    Raises:
        InputError: there are fewer speakers than splits.
    """
    if len(languages) < len(shares):
        raise InputError(
            "There are too few speakers for speaker-disjoint splits",
            expected=f"{len(shares)} for {', '.join(shares)}",
            got=str(len(languages)),
            fix=f"add voices of other speakers, or pass --split {NO_SPLIT}",
        )
    groups: dict[str, list[str]] = defaultdict(list)
    for speaker in sorted(languages):
        groups[languages[speaker]].append(speaker)
    if all(len(group) < len(shares) for group in groups.values()):
        groups = {"": sorted(languages)}
    first = next(iter(shares))
    splits: dict[str, str] = {}
    for language, group in groups.items():
        random.Random(f"{seed} {language}").shuffle(group)
        names = [first] * len(group) if len(group) < len(shares) else _assign_splits(len(group), shares)
        splits.update(zip(group, names, strict=True))
    return splits


def check_languages_of_splits(rows: Iterable[tuple[str, str]], splits: Collection[str]) -> None:
    """Check that every split has rows of every language.

    Args:
        rows: language and split of each row.
        splits: names of the splits.

    Raises:
        InputError: a split lacks a language; the message has the number of rows of each language and split.
    """
    counts = Counter(rows)
    languages = sorted({language for language, _ in counts})
    if all(counts[language, split] for language in languages for split in splits):
        return
    table = "; ".join(
        f"{language}: " + ", ".join(f"{split} {counts[language, split]}" for split in splits) for language in languages
    )
    raise InputError(
        "A split lacks a language",
        expected="rows of every language in every split",
        got=table,
        fix=f"add speakers of that language, pass --split {NO_SPLIT}, or pass --allow-missing-languages",
    )


def _assign_splits(n_speakers: int, shares: Mapping[str, float]) -> list[str]:
    first, *others = shares
    names: list[str] = []
    for rank, name in enumerate(others, start=1):
        n_left = n_speakers - len(names) - (len(shares) - rank)  # each later split needs one
        names += [name] * max(1, min(n_left, round(shares[name] * n_speakers)))
    return [*names, *[first] * (n_speakers - len(names))]
