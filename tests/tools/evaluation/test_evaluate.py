import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
from typer.testing import CliRunner

from hierbatch.audio.pitch import PitchRange
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError, SynthesisError
from hierbatch.models.conversion.interface import InputSpec
from hierbatch.models.speech import Speech
from tests.tiny_bundle import write_tiny_bundle
from tests.tools.evaluation.fake_kit import fake_kit, questions_asked
from tools.evaluation.__main__ import app
from tools.evaluation.conversion_tasks import plan_conversions
from tools.evaluation.evaluate import EvaluateJob, Evaluator, evaluate
from tools.evaluation.evaluation_cache import EvaluationCache
from tools.evaluation.evaluation_set import load_set
from tools.evaluation.evaluation_table import EvaluationTable
from tools.evaluation.evaluation_tasks import SpeechTask, plan_tasks
from tools.evaluation.measures import ClipScorer
from tools.evaluation.reference_recordings import read_recordings

SET = load_set("development")
FIRST = SET.sentences_in("en")[0].text


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A hum in place of every recording the development set names."""
    folder = tmp_path_factory.mktemp("speech")
    times = np.arange(16 * 16_000) / 16_000
    files = {}
    for number, clip in enumerate(SET.clips()):
        hum = 0.3 * np.sin(2 * np.pi * (110 + 5 * number) * times) * (1 + 0.3 * np.sin(18 * times))
        sink = io.BytesIO()
        soundfile.write(sink, hum, 16_000, format="FLAC", subtype="PCM_16")
        row = {"id": clip.row, "text": None, "audio": {"bytes": sink.getvalue(), "path": None}}
        files.setdefault(clip.file, {})[clip.row] = row
    schema = pa.schema(
        {"id": pa.string(), "text": pa.string(), "audio": pa.struct({"bytes": pa.binary(), "path": pa.string()})}
    )
    for file, rows in files.items():
        pq.write_table(pa.Table.from_pylist(list(rows.values()), schema=schema), folder / file)
    return folder


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle"))


class Singer:
    """A model that hums one second for any text, and refuses Korean."""

    name, fingerprint, languages, rate_hz, input_spec = "singer", "0", ("en",), 16_000, InputSpec()

    def encode_voice(self, prompt):
        return prompt

    def speak(self, requests):
        if any(request.language == "ko" for request in requests):
            raise SynthesisError("no Korean")
        hum = 0.1 * np.sin(2 * np.pi * 150 * np.arange(16_000) / 16_000)
        return [
            Speech(
                waveform=Waveform(hum.astype(np.float32), 16_000),
                token_frames=(),
                lead_frames=0,
                f0_hz=np.zeros(100, np.float32),
            )
        ]


class Echo(Singer):
    """A singer whose waveform stage is perfect."""

    def resynthesize(self, recording):
        return recording


def evaluation_of(model, folder, **answers):
    kit = fake_kit(folder, **answers)
    return Evaluator(model, ClipScorer(kit, EvaluationCache(folder / "kept", kit.fingerprint)), lambda line: None)


def totals(clips, measure):
    found = [score for clip in clips for score in clip if score.measure == measure]
    return sum(score.numerator for score in found), sum(score.denominator for score in found)


def test_the_command_prints_the_table_and_writes_it_down(tmp_path, data, bundle):
    fake_kit(tmp_path / "kit", heard={"en": FIRST})
    options = [
        "--kit",
        tmp_path / "kit",
        "--data",
        data,
        "--bundle",
        bundle,
        "--cache",
        tmp_path / "kept",
        "--limit",
        1,
    ]
    outs = ["--out", tmp_path / "t.json", "--out", tmp_path / "t.md"]
    told = CliRunner().invoke(app, list(map(str, [*options, *outs])), catch_exceptions=False)
    assert told.exit_code == 0, told.output
    assert "| word error rate ↓ | 0.0 % [0.0, 0.0] |" in told.output
    written = EvaluationTable.from_json((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert (written.model, written.limit, written.set_name) == ("tiny", 1, "development")
    assert written.to_markdown() in (tmp_path / "t.md").read_text(encoding="utf-8")
    assert written.to_markdown() in told.output


def test_where_the_table_goes_is_checked_before_the_work(tmp_path, data):
    job = EvaluateJob(kit=tmp_path / "none", data=data, cache=tmp_path, out=(tmp_path / "table.xlsx",))
    with pytest.raises(InputError, match=r"table\.xlsx"):
        evaluate(job, log=print)


def test_a_text_that_cannot_be_spoken_loses_all_its_characters_and_its_neighbours_nothing(tmp_path, data):
    recordings = read_recordings(data, SET.clips())
    scores = evaluation_of(Singer(), tmp_path, heard={"en": FIRST}).score_speech(
        plan_tasks(SET, recordings, 2), recordings
    )
    assert totals(scores["English"], "failures") == (0, 2)
    assert totals(scores["Korean, Korean voices"], "failures") == (2, 2)
    errors, characters = totals(scores["Korean, Korean voices"], "character_errors")
    assert errors == characters > 0
    assert totals(scores["Korean, Korean voices"], "dnsmos_ovrl") == (0, 0)


def test_each_prompt_is_encoded_by_its_own_task(tmp_path, data):
    recordings = read_recordings(data, SET.clips())
    heard = []

    class Listener(Singer):
        def encode_voice(self, prompt):
            heard.append(prompt)
            return prompt

        def speak(self, requests):
            assert requests[0].voice is heard[-1]
            return super().speak(requests)

    voices = SET.voices_in("en")[:3]
    tasks = [SpeechTask(language="en", text=FIRST, readings=(FIRST,), voice=voice) for voice in voices]
    evaluation_of(Listener(), tmp_path, heard={}).score_speech({"group": tasks}, recordings)
    assert heard == [recordings[voice.prompt].waveform for voice in voices]


def test_a_perfect_waveform_stage_scores_as_the_recordings_do(tmp_path, data):
    recordings = read_recordings(data, SET.clips())
    scores = evaluation_of(Echo(), tmp_path).score_recordings(SET, recordings, 2)
    assert scores["English copy synthesis"] == scores["English recordings"]
    assert len(scores["English recordings"]) == 2
    assert "transcribe en" not in questions_asked(tmp_path)  # nobody wrote these clips' words down


def test_a_model_without_such_a_stage_has_no_such_column(tmp_path, data):
    recordings = read_recordings(data, SET.clips())
    assert set(evaluation_of(Singer(), tmp_path).score_recordings(SET, recordings, 1)) == {
        "English recordings",
        "Korean recordings",
    }


def test_a_conversion_that_loses_nothing_is_without_word_errors_and_compared_with_its_target(tmp_path, data):
    recordings = read_recordings(data, SET.clips())
    compared = []

    class Copyist(Singer):
        def encode_voice(self, prompt):
            compared.append(prompt)
            return prompt

        def pitch_range(self, voice):
            return PitchRange(150.0, 2.0)

        def convert_all(self, requests):
            return [request.samples for request in requests]

    tasks = plan_conversions(SET, recordings, 2)
    scores = evaluation_of(Copyist(), tmp_path, heard={"en": "a b c"}).score_conversions(tasks, recordings)
    (clips,) = scores.values()
    assert len(clips) == 2
    assert totals(clips, "word_errors") == (0, 6)
    assert totals(clips, "similarity_vfl") == (1.5, 2)
    ((_, planned),) = tasks.items()
    assert compared == [recordings[task.voice.prompt].waveform for task in planned]


def test_a_conversion_that_fails_loses_every_word_and_a_model_that_does_not_convert_has_no_such_column(tmp_path, data):
    recordings = read_recordings(data, SET.clips())
    tasks = plan_conversions(SET, recordings, 1)
    assert evaluation_of(Singer(), tmp_path).score_conversions(tasks, recordings) == {}

    class Broken(Singer):
        def pitch_range(self, voice):
            return PitchRange(150.0, 2.0)

        def convert_all(self, requests):
            return [request.samples * np.nan for request in requests]

    scores = evaluation_of(Broken(), tmp_path, heard={"en": "a b c"}).score_conversions(tasks, recordings)
    (clips,) = scores.values()
    assert totals(clips, "failures") == (1, 1)
    assert totals(clips, "word_errors") == (3, 3)
