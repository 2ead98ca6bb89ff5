"""Description of networks trained elsewhere: a small TOML file with the facts that a checkpoint does not contain.

languages = ["ko"]              languages of the text; each needs a front end
license = "CC-BY-4.0"

[ttv]                           hyperparameters that differ from the published ones; also [synthesizer], [speechsr48k]
n_symbols = 62

[vocabulary]
symbols = ["_", " ", "ㄱ", ...]  in the order of their ids; the first is the blank
[vocabulary.spelling]
"tɕ" = "ㅈ"                      a phoneme of the front end, written in these symbols
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hierbatch.audio.style_mel import N_MELS
from hierbatch.constants import FRAMES_PER_SECOND
from hierbatch.errors import BundleError, TextError
from hierbatch.frontend.language import language_codes
from hierbatch.frontend.symbols import PHONES, PUNCTUATION, SEPARATORS, STRESS_MARKS, VOWELS
from hierbatch.models.hierspeechpp.speechsr.config import SpeechSRConfig, speechsr_24k, speechsr_48k
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.models.hierspeechpp.text_to_vector.config import TextToVectorConfig
from hierbatch.models.hierspeechpp.vocabulary import PUBLISHED, Vocabulary, vocabulary_of
from hierbatch.toml_config import make_config

_RATES_HZ = (16_000, 24_000, 32_000, 48_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnVocabulary:
    """Input symbols of a network, and the spelling of the front end's phonemes in these symbols."""

    symbols: tuple[str, ...]
    spelling: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPage:
    """Contents of a network description file; the defaults describe the published networks."""

    languages: tuple[str, ...] = ()
    license: str = "not stated"
    ttv: TextToVectorConfig = field(default_factory=TextToVectorConfig)
    synthesizer: SynthesizerConfig = field(default_factory=SynthesizerConfig)
    speechsr24k: SpeechSRConfig = field(default_factory=speechsr_24k)
    speechsr48k: SpeechSRConfig = field(default_factory=speechsr_48k)
    vocabulary: OwnVocabulary | None = None

    def sizes(self, component: str) -> dict[str, Any]:
        """Hyperparameters of a network that differ from the published ones, as a bundle stores them."""
        default = asdict(getattr(NetworkPage(), component))
        found = asdict(getattr(self, component))
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in found.items()
            if value != default[name]
        }

    @property
    def vocabulary_values(self) -> dict[str, Any] | str:
        """Vocabulary as a bundle stores it: the name `published`, or a mapping of `symbols` and `spelling`."""
        if self.vocabulary is None:
            return PUBLISHED
        return {"symbols": list(self.vocabulary.symbols), "spelling": dict(self.vocabulary.spelling)}


def read_network_page(path: Path) -> NetworkPage:
    """Read and check a network description file.

    Raises:
        BundleError: the file cannot be read as TOML, or describes networks that this package cannot run; the message
            lists all reasons.
        InputError: a key is unknown, or a value has the wrong type.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{path} cannot be read", expected="TOML", got=str(error)) from error
    vocabulary = values.get("vocabulary")
    if isinstance(vocabulary, dict) and isinstance(vocabulary.get("symbols"), str):
        vocabulary["symbols"] = list(vocabulary["symbols"])
    page = make_config(NetworkPage, values, path.name)
    if reasons := find_problems(page):
        raise BundleError(f"The networks of {path.name} cannot be used", got="; ".join(reasons), fix="correct the page")
    return page


def find_problems(page: NetworkPage) -> list[str]:
    """Reasons why hierbatch cannot use the networks that a file describes; empty if it can."""
    return [*_text_problems(page), *_size_problems(page)]


def _text_problems(page: NetworkPage) -> list[str]:
    reasons = [
        f"there is no front end for {language!r}, only for {', '.join(language_codes())}; other packages may add one"
        for language in page.languages
        if language not in language_codes()
    ]
    table = vocabulary_of(page.vocabulary_values)
    if len(table.symbols) != page.ttv.n_symbols:
        reasons.append(f"the vocabulary has {len(table.symbols)} symbols, but ttv.n_symbols is {page.ttv.n_symbols}")
    if page.ttv.n_languages and page.ttv.n_languages != len(page.languages):
        reasons.append(f"ttv.n_languages is {page.ttv.n_languages}, but there are {len(page.languages)} languages")
    if page.vocabulary is not None:
        missing = [sound for sound in _sounds() if not _is_spelled(table, sound)]
        if missing:
            reasons.append(f"the vocabulary has no spelling for {' '.join(missing)}")
    return reasons


def _sounds() -> list[str]:
    """Phones and separators that a phoneme string may have, and a vowel with each stress mark."""
    stressed = [f"{mark}{sorted(VOWELS)[0]}" for mark in STRESS_MARKS if mark]
    return [*PHONES, *SEPARATORS, *stressed]


def _is_spelled(table: Vocabulary, sound: str) -> bool:
    phonemes = f"{PHONES[0]} {sound}" if sound in SEPARATORS else f"{sound} {PUNCTUATION[1]}"
    spelled = table.spell(phonemes)[-1 if sound in SEPARATORS else 0]
    try:
        table.ids([spelled])
    except TextError:
        return False
    return True


def _size_problems(page: NetworkPage) -> list[str]:
    sounds, text, reasons = page.synthesizer, page.ttv, []
    rate_hz = sounds.hop_samples * FRAMES_PER_SECOND
    if rate_hz not in _RATES_HZ:
        reasons.append(f"waveform_rates give {rate_hz} Hz, not {', '.join(map(str, _RATES_HZ))}")
    if sounds.f0_per_frame != 4 or sounds.waveform_rates[0] != 4 or _product(sounds.source_rates) != 4:
        reasons.append(
            "F0 has four values per frame: f0_per_frame, the first of waveform_rates and the product of source_rates "
            "have to be 4"
        )
    if any((kernel - rate) % 2 for kernel, rate in zip(sounds.waveform_kernels, sounds.waveform_rates, strict=False)):
        reasons.append("a kernel of waveform_kernels differs from its rate by an odd number")
    if len(sounds.waveform_kernels) != len(sounds.waveform_rates):
        reasons.append("waveform_kernels and waveform_rates differ in length")
    if text.n_mels != N_MELS or sounds.n_mels != N_MELS:
        reasons.append(f"styles are encoded from {N_MELS} mel bands")
    if text.semantic_channels != sounds.semantic_channels:
        reasons.append(
            f"ttv writes {text.semantic_channels} channels of features, but the synthesizer reads "
            f"{sounds.semantic_channels}"
        )
    return reasons


def _product(values: tuple[int, ...]) -> int:
    product = 1
    for value in values:
        product *= value
    return product
