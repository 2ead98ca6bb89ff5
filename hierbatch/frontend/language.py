"""Languages: everything that differs between them outside their own folders, in one table.

A package adds a language of its own by an entry point in the group `hierbatch.languages`, whose name is the language
code and whose object is a `Language`. Its phones come from the shared table of `hierbatch.frontend.symbols`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points

from hierbatch.errors import BundleError, ProgramError, TextError
from hierbatch.frontend.english.ipa import ENGLISH_IPA
from hierbatch.frontend.ipa import IpaSpelling
from hierbatch.frontend.korean.counters import NOUN_ENDS
from hierbatch.frontend.korean.ipa import KOREAN_IPA
from hierbatch.frontend.phonemes import Phones

ENTRY_POINT_GROUP = "hierbatch.languages"

Normalizer = Callable[[str], str]
Phonemizer = Callable[[Sequence[str]], list[Phones]]
PhoneMap = Callable[[Phones], Phones]


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds per token, by type of token, in read speech."""

    phone_s: float
    word_s: float
    comma_s: float
    sentence_s: float


@dataclass(frozen=True, slots=True)
class ShortSentence:
    """Limits below which a sentence is joined to its neighbour, since models synthesize it badly."""

    letters: int
    words: int | None = None
    """None: words do not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """Language that can be spoken. The loaders import what they need on first use."""

    code: str
    """BCP 47 code, such as `en`."""
    iso639_2: str
    """ISO 639-2 code, such as `eng`, as required by audio containers."""
    name: str
    """English name."""
    letters: str
    """Letters of its script, as the inside of a character class."""
    load_normalizer: Callable[[], Normalizer]
    """Loads the function that spells out numbers and signs as words."""
    load_phonemizer: Callable[[], Phonemizer]
    """Loads the phonemizer of the words of one clause."""
    version: str = "1"
    """Version of its phonemes, as recorded in a bundle that was trained on them."""
    older_phonemizers: Mapping[str, Callable[[], Phonemizer]] = field(default_factory=dict)
    """Loaders of the phonemizers of older versions, by version."""
    pace: Pace
    max_characters: int
    """Longest sentence: about twelve seconds, the length of the longest training sentences."""
    short_sentence: ShortSentence = field(default_factory=lambda: ShortSentence(letters=12, words=2))
    clause_breaks: tuple[re.Pattern[str], ...] = (re.compile(r"[;:,](?=\s)"),)
    """Places to split a long sentence, from the best to the worst; each match ends where the break is."""
    detection_weight: int = 1
    """Weight of each of its words when the language of a sentence is detected."""
    noun_ends: str = ""
    """Pattern of what follows a noun, for languages that attach particles to it."""
    ipa: IpaSpelling = field(default_factory=IpaSpelling)
    foreign_words: Mapping[str, Callable[[], PhoneMap]] = field(default_factory=dict)
    """Loaders of the functions that adapt words of another language's script, by its code."""


def load_phonemizer(language: Language, version: str | None = None) -> Phonemizer:
    """Load the phonemizer of a version, by default the current one.

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
    """Language by its code; None for an unknown one."""
    return _languages().get(code)


def get_language(code: str) -> Language:
    """Language by its code; raises TextError for an unknown one."""
    found = find_language(code)
    if found is None:
        raise TextError(
            "Unknown language", expected=" or ".join(language_codes()), got=repr(code), fix="correct the language"
        )
    return found


def match_language(tag: str) -> Language | None:
    """Language of a BCP 47 tag, an ISO 639-2 code or an English name; None for an unknown one.

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
    """Detect the language of a sentence by its script; `default` if it has no letters of any (numbers, symbols).

    A sentence is Korean if it has fewer than two English words per Korean word, since names have several words and
    particles are attached to them. An English sentence may quote a Korean word.

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

    The paces were fitted by least squares to read speech (LJ Speech, two CC0 readers, Korean prose), with about 10 %
    error per sentence. They balance work units and flag takes that are far too long or too short.

    Args:
        phonemes: tokens separated by spaces; `|` is a word boundary.
        language: language code; English for an unknown one.
        speed: speaking rate; 1 is the usual pace of the language.
    """
    pace = (find_language(language) or _ENGLISH).pace
    separators = {"|": pace.word_s, ",": pace.comma_s, ".": pace.sentence_s, "?": pace.sentence_s, "!": pace.sentence_s}
    return sum(separators.get(token, pace.phone_s) for token in phonemes.split()) / speed


@functools.cache
def _languages() -> dict[str, Language]:
    built_in = {language.code: language for language in (_ENGLISH, _KOREAN)}
    added = (_load(point) for point in entry_points(group=ENTRY_POINT_GROUP) if point.name not in built_in)
    return built_in | {language.code: language for language in added}


@functools.cache
def _scripts() -> tuple[tuple[str, re.Pattern[str], int], ...]:
    heaviest_first = sorted(_languages().values(), key=lambda language: -language.detection_weight)
    return tuple((item.code, re.compile(f"[{item.letters}]"), item.detection_weight) for item in heaviest_first)


def _load(point: EntryPoint) -> Language:
    """Language of an entry point; whatever its package raises becomes a ProgramError."""
    try:
        language = point.load()
        problem = "" if isinstance(language, Language) and language.code == point.name else repr(language)
    except Exception as error:  # noqa: BLE001 - code of another package
        problem = f"{type(error).__name__}: {error}"
    if problem:
        package = point.dist.name if point.dist else point.value
        raise ProgramError(
            f"The language {point.name} of the package {package} cannot be loaded",
            expected=f"a hierbatch.frontend.language.Language with the code {point.name!r}",
            got=problem,
            fix=f"update or uninstall {package}",
        )
    return language


def _normalize_english() -> Normalizer:
    from hierbatch.frontend.english.normalization import normalize_english

    return normalize_english


def _phonemize_english() -> Phonemizer:
    from hierbatch.frontend.english.phonemizer import EnglishPhonemizer

    return EnglishPhonemizer()


def _normalize_korean() -> Normalizer:
    from hierbatch.frontend.korean.normalization import normalize_korean

    return normalize_korean


def _phonemize_korean() -> Phonemizer:
    from hierbatch.frontend.korean.phonemizer import KoreanPhonemizer

    return KoreanPhonemizer()


def _phonemize_korean_by_g2pk() -> Phonemizer:
    from hierbatch.frontend.korean.g2pk_pronunciation import pronounce_words_by_g2pk
    from hierbatch.frontend.korean.phonemizer import KoreanPhonemizer

    return KoreanPhonemizer(pronounce_words_by_g2pk)


def _korean_words_in_english() -> PhoneMap:
    from hierbatch.frontend.english.korean_words import to_english_phones

    return to_english_phones


# A mark counts as a break only before white space: 1,000 and 3:30 have none.
_ENGLISH = Language(
    code="en",
    iso639_2="eng",
    name="English",
    letters="A-Za-zÀ-ɏ",
    load_normalizer=_normalize_english,
    load_phonemizer=_phonemize_english,
    pace=Pace(0.075, 0.06, 0.30, 0.45),
    max_characters=220,
    clause_breaks=(
        re.compile(r"[;:]['\"”’)\]]*(?=\s)|[—]['\"”’)\]]*(?=\s?\S)|\s–(?=\s)|\)(?=\s)"),
        re.compile(r"[,、]['\"”’)\]]*(?=\s)"),
        re.compile(
            r"(?=\s(?:and|but|or|nor|so|yet|for|which|who|whom|whose|that|because|although|though|when|while|where|if|"
            r"unless|until|after|before|since|as|than|with|without|to)\s)"
        ),
    ),
    ipa=ENGLISH_IPA,
    foreign_words={"ko": _korean_words_in_english},
)
_KOREAN = Language(
    code="ko",
    iso639_2="kor",
    name="Korean",
    letters="가-힣ㄱ-ㆎ",
    load_normalizer=_normalize_korean,
    load_phonemizer=_phonemize_korean,
    version="2",
    older_phonemizers={"1": _phonemize_korean_by_g2pk},
    pace=Pace(0.083, 0.10, 0.27, 0.50),
    max_characters=110,
    short_sentence=ShortSentence(letters=4),
    clause_breaks=(
        re.compile(r"[;:]['\"”’)\]]*(?=\s)|[—]['\"”’)\]]*(?=\s?\S)|\s[–―-](?=\s)|[…]['\"”’)\]]*(?=\s)|\)(?=\s)"),
        re.compile(r"[,、，]['\"”’)\]]*(?=\s)"),
        # Connective endings of verbs: "-and", "-while", "-but", "-because", "-if", "-in order to".
        re.compile(r"(?:면서|지만|는데|니까|므로|거나|도록|려고|다가|더니|어서|아서|여서|해서|며|고|면|니|서)(?=\s)"),
    ),
    detection_weight=2,
    noun_ends=NOUN_ENDS,
    ipa=KOREAN_IPA,
)
