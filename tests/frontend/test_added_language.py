"""A language of another package, found by its entry point."""

from __future__ import annotations

from pathlib import Path

import pytest

from hierbatch.delivery.tags import language_code
from hierbatch.errors import ProgramError
from hierbatch.frontend import language as languages
from hierbatch.frontend.language import detect_language, expected_duration_s, language_codes, match_language
from hierbatch.frontend.lexicon import Lexicon
from hierbatch.frontend.sentences import split_sentences
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.jobs.plan import estimate
from hierbatch.jobs.run import run
from hierbatch.stages.scoring import _normalize
from tests.engine.fake_model import spoken
from tests.jobs.running import job, reordered, sounds
from tests.making import manifest_file

PACKAGE = Path(__file__).parent / "esperanto"


def _forget_languages() -> None:
    languages._languages.cache_clear()
    languages._scripts.cache_clear()


@pytest.fixture
def esperanto(monkeypatch):
    monkeypatch.syspath_prepend(str(PACKAGE))
    _forget_languages()
    yield "eo"
    _forget_languages()


def test_only_the_built_in_languages_are_there_without_the_package() -> None:
    assert language_codes() == ("en", "ko")


def test_its_text_becomes_phones_of_the_table(esperanto: str) -> None:
    sentence = SpeechFrontEnd().phonemize("Mi havas 2 katojn.", esperanto)
    assert (sentence.text_norm, sentence.language) == ("mi havas du katojn", "eo")
    assert sentence.phonemes == "m i | h a v a s | d u | k a t o j n ."


def test_every_table_of_the_front_end_knows_it(esperanto: str, tmp_path: Path) -> None:
    assert language_codes() == ("en", "ko", "eo")
    assert detect_language("Ĉu ĝi estas via?", "en") == "eo"
    assert [part.text for part in split_sentences(f"Ŝi iras al {'longa ' * 50}domo, ĉu?", "eo")][1:]
    assert expected_duration_s("m i .", "eo") == pytest.approx(2 * 0.07 + 0.4)
    assert (language_code("eo"), match_language("Esperanto").code) == ("epo", "eo")
    assert _normalize("3 katoj", "eo").split() == ["tri", "katoj"]
    table = tmp_path / "lexicon.csv"
    table.write_text("word,pronunciation,kind,language\nNew York,nujork,respelling,eo\nParis,paˈɾi,ipa,eo\n")
    front_end = SpeechFrontEnd(Lexicon.read(table))
    assert front_end.phonemize("New York", "eo").phonemes == "n u j o ɾ k ."
    assert front_end.phonemize("Paris", "eo").phonemes == "p a ɾ i ."


def test_its_rows_are_planned_and_spoken(esperanto: str, tmp_path: Path) -> None:
    texts = {"text": ["Ĉu vi venos?", "Mi havas 3 hundojn."], "phonemes": [None, None], "language": ["eo", "eo"]}
    rows = manifest_file(tmp_path, 2, name="rows.parquet", **texts)
    asked = reordered(job(tmp_path), manifest=rows, model_factory="hierbatch_esperanto:EsperantoModel")
    assert estimate(asked.spec).sound_s.keys() == {"eo"}
    assert run(asked).counts.n_ok == 2
    assert len(sounds(tmp_path / "run")) == 2
    assert sorted(line.split(" ", 1)[1] for line in spoken(tmp_path / "bundle")) == [
        "m i | h a v a s | t ɾ i | h u n d o j n .",
        "tʃ u | v i | v ɛ n o s ?",
    ]


def test_a_broken_package_is_named_with_its_remedy(monkeypatch, tmp_path: Path) -> None:
    folder = tmp_path / "broken-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[hierbatch.languages]\nxx = no_such_module:LANGUAGE\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    _forget_languages()
    with pytest.raises(ProgramError, match=r"xx of the package broken.*no_such_module.*uninstall broken"):
        language_codes()
    _forget_languages()
