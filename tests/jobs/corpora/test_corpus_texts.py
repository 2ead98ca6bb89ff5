import numpy as np
import pytest

from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError, ManifestError
from hierbatch.jobs.corpora.corpus_texts import CorpusText, estimate_pace, read_texts
from hierbatch.models.speech import Speech


class Metronome:
    """A model that takes a tenth of a second a token."""

    languages = ("en",)

    def speak(self, requests):
        return [self._speak(len(request.phonemes.split())) for request in requests]

    def _speak(self, n_tokens):
        waveform = Waveform(np.zeros(1600 * n_tokens, np.float32), 16_000)
        return Speech(waveform=waveform, token_frames=(5,) * n_tokens, lead_frames=0, f0_hz=np.zeros(0, np.float32))


def test_tables_and_books_give_sentences_once_and_without_headings(tmp_path):
    table = tmp_path / "a.csv"
    table.write_text(
        'id,text,language,license,mood\nx,"One  two.",en,CC0,sad\n,밤이 왔다.,,,\n,"One two.",,,\n,,,,\n', "utf-8"
    )
    book = tmp_path / "b.md"
    book.write_text("# A title\n\nOne two.\n\nThe night train left.\n", "utf-8")
    found = read_texts([tmp_path])
    assert [(text.ref, text.text, text.language, text.license) for text in found] == [
        ("x", "One two.", "en", "CC0"),
        ("a:2", "밤이 왔다.", "ko", None),
        ("b:c001-00003", "The night train left.", "en", None),
    ]


def test_remarks_on_a_book_are_passed_on(tmp_path):
    (tmp_path / "b.md").write_text("# A\n\nThe *night* came.\n\n```\n" + "x = 1\n" * 20 + "```\n", "utf-8")
    remarks = []
    read_texts([tmp_path / "b.md"], on_message=remarks.append)
    assert len(remarks) == 2
    assert all(remark.startswith("b.md: ") for remark in remarks)
    assert "Emphasis" in remarks[0]
    assert "not read aloud: code" in remarks[1]


def test_a_file_that_is_not_text_is_reported(tmp_path):
    with pytest.raises(InputError, match="There are no texts at"):
        read_texts([tmp_path / "gone.txt"])
    with pytest.raises(InputError, match="There are no texts"):
        read_texts([tmp_path])
    (tmp_path / "t.csv").write_text("sentence\nhello\n")
    with pytest.raises(ManifestError, match="column text is missing"):
        read_texts([tmp_path / "t.csv"])


def test_the_pace_is_the_models_own():
    texts = [CorpusText(ref=str(i), text=f"The night train leaves {word}.", language="en", license=None)
             for i, word in enumerate(["late", "early", "never"])]  # fmt: skip
    pace = estimate_pace(texts, Metronome(), {"en": [None]})
    requests = sum(pace.estimate_s(text) for text in texts)
    assert requests == pytest.approx(sum(map(_tokens, texts)) * 0.1, rel=0.02)


def _tokens(text):
    from hierbatch.frontend.speech_text import SpeechFrontEnd

    return len(SpeechFrontEnd().phonemize(text.text, "en").phonemes.split())


def test_a_language_the_model_does_not_speak_is_reported():
    with pytest.raises(InputError, match="does not speak ko"):
        estimate_pace([CorpusText(ref="a", text="밤", language="ko", license=None)], Metronome(), {"ko": [None]})
