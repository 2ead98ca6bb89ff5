"""English words to phonemes by espeak-ng (through phonemizer), in the shared table's symbols."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from phonemizer.backend import EspeakBackend
from phonemizer.separator import Separator

from hierbatch.errors import ProgramError
from hierbatch.frontend.heteronyms import heteronyms_in
from hierbatch.frontend.ipa import ENGLISH_REWRITES, split_phones
from hierbatch.frontend.phonemes import Word
from hierbatch.frontend.symbols import PHONES

_PHONES = frozenset(PHONES)
_MOST_WORDS_MERGED = 4


class EnglishPhonemizer:
    """Words of one clause to phones, weak forms by their neighbours; holds one espeak-ng voice.

    Raises:
        ProgramError: the espeak-ng library of the `espeakng-loader` wheel cannot be loaded.
    """

    def __init__(self) -> None:
        self._backend = load_espeak(preserve_punctuation=False)
        self._separator = Separator(phone="_", word=" ", syllable="")
        self._alone = functools.lru_cache(maxsize=50_000)(self._word_alone)

    def __call__(self, words: Sequence[str]) -> list[Word]:
        """Phones of each word, one entry a word; a word with nothing speakable gives an empty entry."""
        if not words:
            return []
        spoken = self._words_in_context(words)
        for index, phones in (heteronyms_in(words) | _letter_names(words)).items():
            spoken[index] = phones
        return spoken

    def _words_in_context(self, words: Sequence[str]) -> list[Word]:
        groups = self._phonemize(" ".join(words))
        if len(groups) == len(words):
            return groups
        # espeak runs small words together ("of the" is one group): give each word its own phones back.
        return _divide_groups(groups, [self._alone(word) for word in words])

    def _word_alone(self, word: str) -> Word:
        return tuple(phone for group in self._phonemize(word) for phone in group)

    def _phonemize(self, text: str) -> list[Word]:
        line = self._backend.phonemize([text], separator=self._separator, strip=True)[0]
        return [word for group in line.split() if (word := _to_table(group.split("_")))]


@functools.cache
def load_espeak(*, preserve_punctuation: bool) -> EspeakBackend:
    """The espeak-ng voice for American English.

    Raises:
        ProgramError: the espeak-ng library of the `espeakng-loader` wheel cannot be loaded.
    """
    try:
        import espeakng_loader
        from phonemizer.backend.espeak.wrapper import EspeakWrapper

        EspeakWrapper.set_library(espeakng_loader.get_library_path())
        EspeakWrapper.set_data_path(espeakng_loader.get_data_path())
        return EspeakBackend(
            "en-us",
            with_stress=True,
            preserve_punctuation=preserve_punctuation,
            language_switch="remove-flags",
        )
    except (ImportError, OSError, RuntimeError) as error:
        raise ProgramError(
            "espeak-ng cannot be loaded",
            wanted="the library inside the espeakng-loader package",
            got=str(error),
            mend="pip install --force-reinstall espeakng-loader phonemizer",
        ) from error


def _letter_names(words: Sequence[str]) -> dict[int, Word]:
    """Capitals that are letters but look like words: A anywhere, I beside another letter ("F B I")."""
    names: dict[int, Word] = {index: ("ˈeɪ",) for index, word in enumerate(words) if word == "A"}
    for index, word in enumerate(words):
        beside = (*words[max(index - 1, 0) : index], *words[index + 1 : index + 2])
        if word == "I" and any(len(other) == 1 and other.isupper() and other != "I" for other in beside):
            names[index] = ("ˈaɪ",)
    return names


def _to_table(phones: Sequence[str]) -> Word:
    """espeak phones in the table's symbols; marks the table does not know are dropped."""
    word: list[str] = []
    for phone in phones:
        mark, bare = (phone[0], phone[1:]) if phone[:1] in ("ˈ", "ˌ") else ("", phone)
        symbols = (bare,) if bare in _PHONES else _rewrite(bare)
        word.extend((mark if index == 0 else "") + symbol for index, symbol in enumerate(symbols))
    return tuple(word)


def _rewrite(phone: str) -> Word:
    """An espeak phone the table does not hold; one that is not foreseen is taken apart ("tsʲ" is t s)."""
    return ENGLISH_REWRITES[phone] if phone in ENGLISH_REWRITES else split_phones(phone, "en")[0]


def _divide_groups(groups: Sequence[Word], alone: Sequence[Word]) -> list[Word]:
    """Words' phones out of run-together groups: the division nearest to how each word sounds alone.

    Dynamic programme over (groups, words): a group covers one to four words at the edit distance between its phones
    and theirs. When no division exists, the words as they sound alone.
    """
    bare = [_without_stress(word) for word in alone]
    most_behind = len(alone) - len(groups)
    best: dict[int, tuple[int, tuple[int, ...]]] = {0: (0, ())}
    for index, group in enumerate(map(_without_stress, groups)):
        following: dict[int, tuple[int, tuple[int, ...]]] = {}
        for n_words, (cost, sizes) in best.items():
            for size in range(1, min(_MOST_WORDS_MERGED, len(alone) - n_words) + 1):
                if not 0 <= n_words + size - index - 1 <= most_behind:
                    continue
                covered = tuple(phone for word in bare[n_words : n_words + size] for phone in word)
                total = cost + _edit_distance(group, covered)
                if total < following.get(n_words + size, (10**6, ()))[0]:
                    following[n_words + size] = (total, (*sizes, size))
                if group == covered:
                    break
        best = following
    if len(alone) not in best:
        return list(alone)
    divided: list[Word] = []
    for group, size in zip(groups, best[len(alone)][1], strict=True):
        divided.extend(_divide(group, bare[len(divided) : len(divided) + size]))
    return divided


def _divide(group: Word, parts: Sequence[Word]) -> list[Word]:
    """One group cut into as many words as `parts`, each cut where the phones before it sound most like its part."""
    words: list[Word] = []
    for position, part in enumerate(parts[:-1]):
        after = len(parts) - position - 1
        cuts = range(1, max(2, len(group) - after + 1))
        rest = tuple(phone for later in parts[position + 1 :] for phone in later)
        bare = _without_stress(group)
        costs = {at: _edit_distance(bare[:at], part) + _edit_distance(bare[at:], rest) for at in cuts}
        cut = min(costs, key=costs.__getitem__)
        words.append(group[:cut])
        group = group[cut:]
    return [*words, group]


def _without_stress(word: Word) -> Word:
    return tuple(phone.lstrip("ˈˌ") for phone in word)


def _edit_distance(a: Word, b: Word) -> int:
    if a == b:
        return 0
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]
