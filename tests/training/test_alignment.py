import numpy as np
import pytest

from hierbatch.frontend.symbols import SYMBOL_IDS
from hierbatch.training.alignment import UnalignedUtterance, align
from hierbatch.training.durations import mark_pauses

PHONES = ("p", "t", "k", "m", "n", "s", "i", "u", "ʌ", "ɛ", "a", "o")


def synthetic_corpus(n_utterances: int = 70) -> tuple[list[UnalignedUtterance], list[list[int]]]:
    """Utterances whose frames are drawn from one cloud a phone, and their true durations."""
    rng = np.random.default_rng(0)
    clouds = {phone: rng.normal(0, 1.2, 12) for phone in PHONES}
    corpus, truths = [], []
    for _ in range(n_utterances):
        symbols, durations = ["^"], [int(rng.integers(0, 6))]
        for _ in range(int(rng.integers(3, 8))):
            for phone in rng.choice(PHONES, int(rng.integers(2, 5))):
                symbols.append(str(phone))
                durations.append(int(rng.integers(2, 9)))
            symbols.append("|")
            durations.append(int(rng.integers(0, 2)) * int(rng.integers(3, 9)))
        symbols[-1], durations[-1] = ".", int(rng.integers(4, 9))
        frames = []
        for symbol, n_frames in zip(symbols, durations, strict=True):
            silent = symbol not in clouds
            centre = np.append(np.full(12, -0.5), -2.0) if silent else np.append(clouds[symbol], 1.0)
            frames.append(centre + rng.normal(0, 0.45, (n_frames, 13)))
        ids = tuple(SYMBOL_IDS[symbol] for symbol in symbols)
        corpus.append(UnalignedUtterance(np.concatenate(frames).astype(np.float32), ids))
        truths.append(durations)
    return corpus, truths


def test_borders_are_found_from_a_flat_start() -> None:
    corpus, truths = synthetic_corpus()
    found = align(corpus, loudness_channel=12)
    right = total = 0
    for spoken, frames, truth in zip(corpus, found, truths, strict=True):
        assert sum(frames) == len(spoken.vectors)
        assert len(frames) == len(spoken.symbols)
        ours, theirs = (np.repeat(np.arange(len(row)), row) for row in (frames, truth))
        right, total = right + int((ours == theirs).sum()), total + len(ours)
    assert right / total > 0.9


def test_every_phone_lasts_and_silences_need_not() -> None:
    corpus, _ = synthetic_corpus(40)
    silent = {SYMBOL_IDS[symbol] for symbol in "^|.,?!"}
    passed_over = 0
    for spoken, frames in zip(corpus, align(corpus, 12, n_passes=2, n_refinements=0), strict=True):
        for symbol, n_frames in zip(spoken.symbols, frames, strict=True):
            assert n_frames >= (0 if symbol in silent else 1)
            passed_over += n_frames == 0
    assert passed_over > 0


@pytest.mark.parametrize(
    ("phonemes", "frames", "wanted"),
    [
        ("a | t | p .", (0, 3, 9, 3, 2, 3, 0), "a , t | p ."),
        ("a | t , p .", (0, 3, 9, 3, 2, 3, 0), "a | t , p ."),
    ],
)
def test_pauses_are_marked_only_where_a_transcript_has_no_marks(
    phonemes: str, frames: tuple[int, ...], wanted: str
) -> None:
    assert mark_pauses(phonemes, frames) == wanted
