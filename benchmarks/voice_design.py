"""Rank correlation between the attributes that descriptions ask for and those measured on the designed voices.

    python benchmarks/voice_design.py

200 descriptions in English and Korean are composed at random from adjectives and degrees, one to three attributes each.
Each gives one voice, as `hierbatch voices design` makes it, measured on a sentence that the design does not use.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np
from scipy.stats import spearmanr

from hierbatch.frontend.descriptions.description import parse_description
from hierbatch.jobs.voices.attributes import measure_attributes
from hierbatch.jobs.voices.design import design_one
from hierbatch.jobs.voices.voice_model import VoiceModel
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.models.lite.voice_space import ATTRIBUTES

SENTENCE = "Some people enjoy long walks along the river in early autumn."
WORDS = {
    "en": {
        "pitch": ("low", "high", "high-pitched"),
        "femininity": ("male", "female", "masculine", "feminine"),
        "brightness": ("bright", "dark", "crisp", "dull"),
        "pace": ("fast", "slow", "quick", "unhurried"),
        "liveliness": ("lively", "flat", "expressive", "monotone", "steady"),
        "effort": ("loud", "soft", "forceful", "quiet"),
        "breathiness": ("breathy", "airy"),
    },
    "ko": {
        "pitch": ("낮은", "높은"),
        "femininity": ("여성적인", "남성적인"),
        "brightness": ("밝은", "어두운", "선명한"),
        "pace": ("빠른", "느린"),
        "liveliness": ("생동감 있는", "단조로운", "침착한"),
        "effort": ("힘찬", "조용한", "부드러운"),
        "breathiness": ("허스키한",),
    },
}
DEGREES = {"en": ("", "", "very ", "slightly ", "extremely ", "not "), "ko": ("", "", "아주 ", "약간 ", "가장 ")}


def compose_descriptions(n: int, seed: int) -> list[str]:
    """Descriptions of one to three attributes, without repetition of an attribute."""
    generator = np.random.default_rng(seed)
    descriptions = []
    for _ in range(n):
        language = "en" if generator.random() < 0.5 else "ko"
        names = generator.choice(list(WORDS[language]), size=generator.integers(1, 4), replace=False)
        parts = [
            str(generator.choice(DEGREES[language])) + str(generator.choice(WORDS[language][str(name)]))
            for name in names
        ]
        descriptions.append(", ".join(parts) + (" voice" if language == "en" else " 목소리"))
    return descriptions


def main() -> None:
    """Design the voices and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--candidates", type=int, default=2)
    options = parser.parse_args()
    model = VoiceModel(ModelChoice())
    phonemes = model.phonemes(SENTENCE, "en")
    pairs: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for number, description in enumerate(compose_descriptions(options.n, options.seed)):
        asked = parse_description(description).attributes
        generator = np.random.default_rng([options.seed, number])
        made = design_one(model, asked, generator, n_candidates=options.candidates, n_corrections=2)
        voice = model.with_own_frames(made.voice)
        measured = measure_attributes(model.space, model.speak(voice, phonemes, "en"), len(phonemes.split()))
        for name, value in asked.items():
            pairs[name].append((value, measured[name]))
    print("| attribute | descriptions | rank correlation | mean absolute difference |\n| --- | --- | --- | --- |")
    for name in (*ATTRIBUTES, "all"):
        found = np.array(pairs[name] if name != "all" else [pair for one in pairs.values() for pair in one])
        difference = np.abs(found[:, 0] - found[:, 1]).mean()
        print(f"| {name} | {len(found)} | {spearmanr(found[:, 0], found[:, 1]).statistic:.2f} | {difference:.2f} |")


if __name__ == "__main__":
    main()
