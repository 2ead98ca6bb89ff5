"""Discrimination of correct and wrong text by `semantic_distance`, to set the threshold of the flag `off_text`.

    python benchmarks/text_match.py --voices voices.csv

Every voice of the table speaks sentences of both languages, with the range of speed, pitch and prosody of a corpus.
Each take is compared with the content vectors that it was synthesized from, with those of the next sentence, with its
own vectors in shuffled order, and with its own vectors after their last third is replaced by that of the next sentence.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from voice_similarity import SENTENCES, Vector

from hierbatch.audio.files import read_sound
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.specs.voices import list_voices, prepare_voices
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.models.speech import Speech, SpeechRequest

_SPEED, _PITCH_SEMITONES, _PROSODY = (0.9, 1.12), (-1.5, 1.5), (0.8, 1.25)  # defaults of `hierbatch corpus`


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voices", type=Path, required=True, help="a table of voices")
    torch.set_num_threads(1)
    print("| language | compared with | takes | minimum | median | 95 % | maximum |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for (language, name), found in measure(parser.parse_args().voices).items():
        values = (min(found), np.median(found), np.quantile(found, 0.95), max(found))
        print(f"| {language} | {name} | {len(found)} | " + " | ".join(f"{value:.2f}" for value in values) + " |")


def measure(table: Path) -> dict[tuple[str, str], list[float]]:
    """Semantic distances of all takes, by language and kind of comparison."""
    model, front_end, rng = LitePipeline.load(), SpeechFrontEnd(), np.random.default_rng(0)
    prompts = prepare_voices(list_voices(VoiceChoice(voices=table)), model.encode_voice, allow_unknown=True).values()
    voices = [model.encode_voice(read_sound(prompt.flac)) for _, prompt in prompts]
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for language, sentences in SENTENCES.items():
        for voice in voices:
            requests = [
                SpeechRequest(
                    phonemes=front_end.phonemize(text, language).phonemes,
                    language=language,
                    voice=voice,
                    seed=seed,
                    speed=rng.uniform(*_SPEED),
                    pitch_semitones=rng.uniform(*_PITCH_SEMITONES),
                    prosody=rng.uniform(*_PROSODY),
                )
                for seed, text in enumerate(sentences)
            ]
            speeches = model.speak(requests)
            for number, request in enumerate(requests):
                speech, other = speeches[number], speeches[(number + 1) % len(speeches)]
                for name, semantic in _candidates(speech, other, rng).items():
                    distance = model.self_check(replace(speech, semantic=semantic), request).semantic_distance
                    found[language, name].append(distance)
    return found


def _candidates(speech: Speech, other: Speech, rng: np.random.Generator) -> dict[str, Vector]:
    own = _vectors(speech)
    foreign = np.resize(_vectors(other), own.shape)
    n_kept = len(own) * 2 // 3
    return {
        "own text": own,
        "another text": foreign,
        "own text, shuffled": own[rng.permutation(len(own))],
        "own text, last third replaced": np.concatenate([own[:n_kept], foreign[n_kept:]]),
    }


def _vectors(speech: Speech) -> Vector:
    assert speech.semantic is not None  # always set by models that use content vectors
    return np.asarray(speech.semantic, np.float32)


if __name__ == "__main__":
    main()
