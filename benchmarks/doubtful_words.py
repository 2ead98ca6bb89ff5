"""Word distances of words that are not spoken as written, compared with those of all other words.

    python benchmarks/doubtful_words.py

Every sentence is spoken as it is written, and with one word replaced by a word of another sentence, or with one phone
of a word replaced. Each take is compared, word by word, with the content vectors that the text predicts. The AUC is the
share of pairs of a changed and an unchanged word in which the changed one has the larger distance, both relative to the
median of their language. The columns "found" and "other words marked" are for the ratio above which the desk marks a
word.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from voice_similarity import SENTENCES

from hierbatch.audio.files import read_sound
from hierbatch.desk.written_words import MIN_RATIO
from hierbatch.frontend.phonemes import split_words
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.models.speech import Speech, SpeechRequest
from hierbatch.models.word_distances import word_distances
from hierbatch.stages.timings import word_spans

_VOICES = {"en": ("narrator", "low"), "ko": ("seoul", "narrator")}
_FOLDER = Path(__file__).parents[1] / "manifests" / "voices"
_KINDS = ("another word", "one phone changed")
_MIN_PHONES = 3

Words = list[tuple[tuple[str, ...], str]]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--per-sentence", type=int, default=5, help="changed words of each kind, sentence and voice")
    torch.set_num_threads(1)
    clean, changed = measure(parser.parse_args().per_sentence)
    medians = {language: np.median(found) for language, found in clean.items()}
    print("| language | words | cases | AUC | found, % | other words marked, % | ratios of changed words, 10 to 90 % |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    everything = (*_VOICES, "all")
    for kind in _KINDS:
        for language in everything:
            wanted = list(_VOICES) if language == "all" else [language]
            others = np.concatenate([np.array(clean[each]) / medians[each] for each in wanted])
            cases = np.concatenate([np.array(changed[each, kind]) / medians[each] for each in wanted])
            auc = (cases[:, None] > others[None]).mean() + 0.5 * (cases[:, None] == others[None]).mean()
            low, high = np.quantile(cases, (0.1, 0.9))
            print(
                f"| {language} | {kind} | {len(cases)} | {auc:.3f} | {100 * (cases > MIN_RATIO).mean():.0f} | "
                f"{100 * (others > MIN_RATIO).mean():.1f} | {low:.1f} to {high:.1f} |"
            )
    for language in _VOICES:
        shown = ", ".join(f"{q:.0%}: {np.quantile(clean[language], q):.3f}" for q in (0.5, 0.9, 0.95, 0.99, 1.0))
        print(f"{language}: distances of {len(clean[language])} unchanged words, {shown}")


def measure(per_sentence: int) -> tuple[dict[str, list[float]], dict[tuple[str, str], list[float]]]:
    """Distances of unchanged words by language, and those of changed ones by language and kind."""
    model, front_end, rng = LitePipeline.load(), SpeechFrontEnd(), np.random.default_rng(0)
    clean: dict[str, list[float]] = defaultdict(list)
    changed: dict[tuple[str, str], list[float]] = defaultdict(list)
    for language, names in _VOICES.items():
        texts = [front_end.phonemize(text, language).phonemes for text in SENTENCES[language]]
        pool = [phones for text in texts for phones, _ in split_words(text) if len(phones) >= _MIN_PHONES]
        for name in names:
            voice = model.encode_voice(read_sound((_FOLDER / f"{name}.flac").read_bytes()))
            for seed, text in enumerate(texts):
                request = SpeechRequest(phonemes=text, language=language, voice=voice, seed=seed)
                (meant,) = model.speak([request])
                clean[language] += _distances(model, request, meant, request, meant)
                for kind, at, phonemes in _changes(text, pool, per_sentence, rng):
                    changed_request = replace(request, phonemes=phonemes, seed=seed + 100)
                    (spoken,) = model.speak([changed_request])
                    found = _distances(model, changed_request, spoken, request, meant)
                    changed[language, kind].append(found.pop(at))
                    clean[language] += found
    return clean, changed


def _distances(
    model: LitePipeline, spoken_from: SpeechRequest, spoken: Speech, meant_by: SpeechRequest, meant: Speech
) -> list[float]:
    """Distance of each word of a take from the content vectors that another request predicts."""
    encoded = model.self_check(spoken, spoken_from).encoded
    if encoded is None or meant.semantic is None:
        raise SystemExit("The model has no content vectors")
    spans, meant_spans = (
        word_spans(request.phonemes, speech.token_frames, speech.lead_frames)
        for request, speech in ((spoken_from, spoken), (meant_by, meant))
    )
    return word_distances(encoded, spans, meant.semantic, meant_spans)


def _changes(
    text: str, pool: Sequence[tuple[str, ...]], n_words: int, rng: np.random.Generator
) -> Iterator[tuple[str, int, str]]:
    """Yield the kind, the number of the word, and the phonemes of changed sentences."""
    words = split_words(text)
    spoken = [number for number, (phones, _) in enumerate(words) if phones]
    long = [number for number in spoken if len(words[number][0]) >= _MIN_PHONES]
    for number in rng.permutation(long)[:n_words].tolist():
        phones = words[number][0]
        others = [other for other in pool if other != phones and abs(len(other) - len(phones)) <= 2]
        replaced = others[rng.integers(len(others))]
        yield _KINDS[0], spoken.index(number), _joined(words, number, replaced)
        # A phone of the same place in another word: the string stays pronounceable.
        at = int(rng.integers(len(phones)))
        phone = next(p for p in (other[min(at, len(other) - 1)] for other in others) if p != phones[at])
        yield _KINDS[1], spoken.index(number), _joined(words, number, (*phones[:at], phone, *phones[at + 1 :]))


def _joined(words: Words, number: int, phones: tuple[str, ...]) -> str:
    tokens: list[str] = []
    for at, (own, separator) in enumerate(words):
        tokens += [*(phones if at == number else own), separator]
    return " ".join(tokens)


if __name__ == "__main__":
    main()
