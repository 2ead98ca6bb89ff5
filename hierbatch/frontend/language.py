"""Table of languages: the built-in languages, and those of other packages.

A package adds a language by an entry point in the group `hierbatch.languages`, whose name is the language code and
whose object is a `Language`. The phones of such a language must be in the shared table of `hierbatch.frontend.symbols`.
"""

from __future__ import annotations

import functools
import re

from hierbatch.errors import BundleError, TextError
from hierbatch.frontend.english.language import ENGLISH
from hierbatch.frontend.korean.language import KOREAN
from hierbatch.frontend.language_definition import Language, Phonemizer
from hierbatch.plugins import load_plugin, plugin_names

ENTRY_POINT_GROUP = "hierbatch.languages"


def load_phonemizer(language: Language, version: str | None = None) -> Phonemizer:
    """Load a version of a language's phonemizer, by default the current version.

    Raises:
        BundleError: there is no such version.
    """
    if version is None or version == language.version:
        return language.load_phonemizer()
    if version not in language.older_phonemizers:
        raise BundleError(
            f"The model needs another version of the {language.name} front end",
            expected=" or ".join((*language.older_phonemizers, language.version)),
            got=repr(version),
            fix="update hierbatch, or choose another model with --model",
        )
    return language.older_phonemizers[version]()


def language_codes() -> tuple[str, ...]:
    """Codes of all languages, built in or added by an entry point."""
    return tuple(_languages())


def find_language(code: str) -> Language | None:
    """Find a language by its code; None for an unknown code."""
    return _languages().get(code)


def get_language(code: str) -> Language:
    """Find a language by its code.

    Raises:
        TextError: the code is unknown.
    """
    found = find_language(code)
    if found is None:
        raise TextError(
            "Unknown language", expected=" or ".join(language_codes()), got=repr(code), fix="correct the language"
        )
    return found


def match_language(tag: str) -> Language | None:
    """Find a language by its BCP 47 tag, ISO 639-2 code or English name; None for an unknown language.

    >>> [match_language(tag).code for tag in ("en-US", "kor", "Korean", "ko_KR")]
    ['en', 'ko', 'ko', 'ko']
    """
    tag = tag.strip().casefold()
    primary = re.split("[-_]", tag)[0]
    for language in _languages().values():
        if primary in (language.code, language.iso639_2) or tag == language.name.casefold():
            return language
    return None


def detect_language(text: str, default: str) -> str:
    """Detect the language of a sentence by its script; `default` if it has no letters (only numbers or symbols).

    A sentence is Korean if it has fewer than two English words per Korean word, since it may contain English names of
    several words. An English sentence may quote a Korean word.

    >>> [detect_language(text, "en") for text in ("나는 Python을 쓴다.", "They call it 김치 there.", "1984.")]
    ['ko', 'en', 'en']
    """
    scripts = _scripts()
    scores = dict.fromkeys((code for code, _, _ in reversed(scripts)), 0)
    for word in text.split():
        for code, letters, weight in scripts:
            if letters.search(word):
                scores[code] += weight
                break
    best = max(scores, key=scores.__getitem__)  # the lightest language wins a tie
    return best if scores[best] else default


def expected_duration_s(phonemes: str, language: str, speed: float = 1.0) -> float:
    """Expected duration of a sentence in seconds; 0 for an empty string.

    The durations per token were fitted by least squares to read speech (LJ Speech, two CC0 readers, Korean prose), with
    an error of about 10 % per sentence.

    Args:
        phonemes: tokens separated by spaces; `|` is a word boundary.
        language: language code; unknown codes have the pace of English.
        speed: speaking rate; 1 is the usual pace of the language.
    """
    pace = (find_language(language) or ENGLISH).pace
    separators = {"|": pace.word_s, ",": pace.comma_s, ".": pace.sentence_s, "?": pace.sentence_s, "!": pace.sentence_s}
    phone_s = pace.phone_s
    return sum([separators.get(token, phone_s) for token in phonemes.split()]) / speed


@functools.cache
def _languages() -> dict[str, Language]:
    built_in = {language.code: language for language in (ENGLISH, KOREAN)}
    names = (name for name in plugin_names(ENTRY_POINT_GROUP) if name not in built_in)
    added = (load_plugin(ENTRY_POINT_GROUP, name, Language, key="code") for name in names)
    return built_in | {language.code: language for language in added if language}


@functools.cache
def _scripts() -> tuple[tuple[str, re.Pattern[str], int], ...]:
    heaviest_first = sorted(_languages().values(), key=lambda language: -language.detection_weight)
    return tuple((item.code, re.compile(f"[{item.letters}]"), item.detection_weight) for item in heaviest_first)
