import numpy as np
import pyarrow as pa
import pytest

from hierbatch.audio.files import encode_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError, ProgramError
from hierbatch.manifest.columns.measures import MEASURES
from hierbatch.manifest.columns.schema import TAKE_COLUMNS, arrow_schema
from hierbatch.manifest.takes.filters import DEFAULT_FILTER
from hierbatch.models.evaluation import resemblyzer as speaker_network
from hierbatch.models.evaluation import speech_recognizer as recognizer
from hierbatch.stages import score_takes
from hierbatch.stages.score_takes import Measures, ScoreTakes

SCHEMA = arrow_schema(TAKE_COLUMNS, "takes")
HUM = encode_sound(Waveform(np.sin(np.arange(16_000) / 10).astype(np.float32) * 0.3, 16_000))


def loud(level):
    return Waveform(np.full(16_000, level, np.float32), 16_000)


class Network:
    """Embeds by the mean level, so that every sound is its own person."""

    def embed(self, sound):
        angle = float(np.abs(sound.samples).mean())
        return np.array([np.cos(angle), np.sin(angle)], np.float32)


class Parrot:
    def transcribe(self, sound, language):
        return {"en": "twelve people", "ko": "밤"}[language]


def takes(rows):
    return pa.Table.from_pylist(rows, schema=SCHEMA)


@pytest.fixture
def judges(monkeypatch):
    monkeypatch.setattr(speaker_network.ResemblyzerEncoder, "load", Network)
    monkeypatch.setattr(score_takes, "read_prompt", lambda table, name: loud(float(len(name))))
    monkeypatch.setattr(recognizer, "load_recognizer", lambda folder: Parrot())


def good(**changes):
    row = {"id": "r", "voice": "ann", "language": "en", "text_norm": "twelve people", "flags": ["clipped"]}
    return row | {"audio": {"bytes": HUM, "path": "r.flac"}} | changes


def test_good_takes_are_judged_and_failed_ones_pass_through(judges, tmp_path):
    stage = ScoreTakes(Measures(names=("speaker",), asr_model=tmp_path), tmp_path)
    rows = [good(), good(audio=None), good(language="ko", text_norm="밤 기차가 아홉 시에")]
    judged = stage(takes(rows)).to_pylist()
    level = float(np.abs(np.sin(np.arange(16_000) / 10) * 0.3).mean())
    assert judged[0]["speaker_similarity"] == pytest.approx(np.cos(3 - level), abs=1e-3)
    assert (judged[0]["asr_text"], judged[0]["cer"]) == ("twelve people", 0.0)
    assert judged[0]["flags"] == ["clipped"]
    assert judged[1] == takes(rows).to_pylist()[1]
    assert judged[2]["flags"] == ["clipped", "misheard"]


def test_figures_a_recognizer_writes_are_no_errors(judges, tmp_path, monkeypatch):
    monkeypatch.setattr(Parrot, "transcribe", lambda self, sound, language: "12 people")
    (take,) = ScoreTakes(Measures(asr_model=tmp_path), tmp_path)(takes([good()])).to_pylist()
    assert (take["asr_text"], take["cer"]) == ("12 people", 0.0)


def test_where_nothing_is_asked_rows_stay_as_they_are(tmp_path):
    rows = takes([good()])
    assert ScoreTakes(Measures(names=("semantic",)), tmp_path)(rows) is rows


def test_measures_are_written_to_a_runs_record_and_read(tmp_path):
    for asked in (Measures(), Measures.from_names(["speaker", "semantic"], tmp_path), Measures(names=("semantic",))):
        assert Measures.from_origin(asked.to_origin()) == asked
    with pytest.raises(InputError, match=r"semantic, speaker.*mos"):
        Measures.from_names(["mos"])


def test_a_transcript_without_a_recognizer_says_which_option_is_missing(tmp_path):
    with pytest.raises(InputError, match="--asr-model"):
        ScoreTakes(Measures(names=("asr",)), tmp_path)


def test_a_missing_package_is_named_with_what_installs_it(monkeypatch, tmp_path):
    monkeypatch.setattr(speaker_network, "find_resemblyzer_weights", lambda: None)
    with pytest.raises(ProgramError, match="pip install --no-deps Resemblyzer"):
        Measures(names=("speaker",)).check()


def test_every_measure_of_the_table_has_its_columns_in_the_takes_and_its_flags_in_the_rules():
    for measure in MEASURES:
        assert {column.name for column in measure.columns} <= set(SCHEMA.names)
        assert all(f'"{flag}"' in DEFAULT_FILTER for flag in measure.flags)
