"""Package of another author: a small part of Esperanto, where a letter is a phone, and a model that speaks it."""

import re

from hierbatch.frontend.language_definition import Language, Pace
from tests.engine.fake_model import FakeModel

PHONES = {"e": "ɛ", "r": "ɾ", "ĉ": "tʃ", "ŝ": "ʃ", "ĝ": "dʒ"}
NUMBERS = ("nul", "unu", "du", "tri", "kvar", "kvin", "ses", "sep", "ok", "naŭ")


def normalize(text):
    return re.sub(r"\d", lambda found: f" {NUMBERS[int(found[0])]} ", text).lower()


def phonemize(words):
    return [tuple(PHONES.get(letter, letter) for letter in word if letter.isalpha()) for word in words]


ESPERANTO = Language(
    code="eo",
    iso639_2="epo",
    name="Esperanto",
    letters="ĉĝĥĵŝŭĈĜĤĴŜŬ",
    load_normalizer=lambda: normalize,
    load_phonemizer=lambda: phonemize,
    pace=Pace(0.07, 0.05, 0.3, 0.4),
    max_characters=200,
    detection_weight=3,
)


class EsperantoModel(FakeModel):
    languages = ("eo",)
