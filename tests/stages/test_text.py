import pyarrow as pa
import pytest

from hierbatch.errors import ProgramError, TextError
from hierbatch.frontend.speech_text import PhonemizedSentence, SpeechFrontEnd
from hierbatch.stages.text import PhonemizeText


class ScriptedFrontEnd:
    """Says two phones a word; some words are trouble."""

    def phonemize(self, text, language):
        if "unsayable" in text:
            raise TextError("There is nothing to say")
        if "bug" in text:
            raise KeyError(text)
        if "espeak is gone" in text:
            raise ProgramError("espeak is missing")
        return PhonemizedSentence(text.upper(), " | ".join("h ə" for _ in text.split()) + " .", language)


def read(front_end, **columns):
    n_rows = max(map(len, columns.values()))
    rows = {"text": [None] * n_rows, "phonemes": pa.nulls(n_rows, pa.string()), "language": ["en"] * n_rows} | columns
    table = pa.table({"mood": ["calm"] * n_rows, "speed": pa.array([1.0] * n_rows, pa.float32()), **rows})
    return PhonemizeText(lambda book: front_end)(table)


def test_text_becomes_phonemes_and_other_columns_stay():
    (row,) = read(ScriptedFrontEnd(), text=["hello world"]).to_pylist()
    assert (row["text_norm"], row["phonemes"], row["mood"]) == ("HELLO WORLD", "h ə | h ə .", "calm")
    assert row["expected_duration_s"] > 0
    assert row["error_kind"] is None


def test_a_bad_row_says_why_and_its_neighbours_are_read():
    rows = read(ScriptedFrontEnd(), text=["good", "unsayable", "bug", "", None, "good"]).to_pylist()
    assert [row["error_kind"] for row in rows] == [None, "text", "exception", "text", "text", None]
    assert "KeyError" in rows[2]["error"]
    assert rows[1]["expected_duration_s"] == 0
    assert rows[0]["phonemes"] == rows[5]["phonemes"] == "h ə ."


def test_a_broken_front_end_stops_the_run():
    with pytest.raises(ProgramError):
        read(ScriptedFrontEnd(), text=["espeak is gone"])


def test_phonemes_of_the_row_are_kept():
    rows = read(
        ScriptedFrontEnd(),
        text=["hello world", "one", None, "x"],
        phonemes=["h ə | l ə .", "h ə | l ə .", "h ə .", "h §§ ."],
    ).to_pylist()
    assert [row["phonemes"] for row in rows[:3]] == ["h ə | l ə .", "h ə | l ə .", "h ə ."]
    # The text is kept where its words pair up with the phonemes' and dropped where they cannot.
    assert [row["text_norm"] for row in rows[:3]] == ["hello world", "", ""]
    assert rows[3]["error_kind"] == "text"
    assert "§§" in rows[3]["error"]


def test_the_real_front_end_pairs_words_and_phonemes():
    (row,) = read(SpeechFrontEnd(), text=["Two birds sang."]).to_pylist()
    groups = [group for group in row["phonemes"].replace(".", "|").split("|") if group.strip()]
    assert len(groups) == len(row["text_norm"].split()) == 3


def test_words_of_another_script_are_spoken_around_and_named():
    table = read(SpeechFrontEnd(), text=["She said Привет in 東京 today.", "Two birds sang.", "Привет, как дела?"])
    assert table.column("foreign_words").to_pylist() == ["Привет 東京", None, None]
    assert table.column("error_kind").to_pylist() == [None, None, "text"]


def test_a_text_over_the_limit_is_one_failed_row():
    table = read(SpeechFrontEnd(), text=["1" * 1_000_000, "Two birds sang."])
    assert table.column("error_kind").to_pylist() == ["text", None]
