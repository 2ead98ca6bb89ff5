import io

import numpy as np
import pytest
import soundfile

from hierbatch.errors import StorageError
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.specs.voices import list_voices, prepare_voices, write_voice_table
from hierbatch.manifest.columns.schema import TAKE_COLUMNS
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.weights.bundle import find_bundle
from hierbatch.stages.batching import BatchLimits
from hierbatch.stages.speak import Speak
from hierbatch.stages.voices import VoiceStore
from tests.engine.fake_model import FakeModel, Fault, spoken, write_fake_bundle
from tests.making import prompt_file
from tests.stages.planning import plan

CPU = DevicePlacement()


@pytest.fixture
def model(tmp_path):
    return FakeModel(find_bundle(write_fake_bundle(tmp_path / "bundle")), DevicePlacement())


@pytest.fixture
def store(tmp_path, model):
    voices = list_voices(VoiceChoice(voice=prompt_file(tmp_path)))
    write_voice_table(prepare_voices(voices, model.encode_voice, allow_unknown=False), tmp_path / "voices.parquet")
    return VoiceStore(tmp_path / "voices.parquet", model.encode_voice)


def test_takes_come_in_the_order_of_their_rows_with_the_columns_that_pass_through(model, store):
    takes = Speak(model, store, placement=CPU)(plan(20))
    assert takes.column("id").to_pylist() == [f"r{i}" for i in range(20)]
    assert takes.column("mood").to_pylist() == ["calm"] * 20
    assert takes.column_names[-1] == "audio"
    assert {column.name for column in TAKE_COLUMNS} <= set(takes.column_names)
    assert set(takes.column("status").to_pylist()) == {"ok"}


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(Fault.RAISE, "exception"), (Fault.REFUSE, "synthesis"), (Fault.NAN, "synthesis"), (Fault.EMPTY, "synthesis")],
)
def test_a_row_that_fails_in_a_batch_fails_alone(model, store, fault, kind):
    takes = Speak(model, store, placement=CPU)(plan(10, {4: fault})).to_pylist()
    assert [take["error_kind"] for take in takes] == [None] * 4 + [kind] + [None] * 5
    assert takes[4]["status"] == "failed"
    assert takes[4]["audio"] is None
    assert takes[4]["error"]


def test_refused_rows_pass_on_their_reason_without_the_model(model, store, tmp_path):
    rows = plan(2, error_kind=["text", "crash"], error=["nothing to say", "it died"])
    takes = Speak(model, store, placement=CPU)(rows).to_pylist()
    assert [(take["error_kind"], take["error"]) for take in takes] == [("text", "nothing to say"), ("crash", "it died")]
    assert spoken(tmp_path / "bundle") == []


def test_neighbours_and_batches_are_not_audible(model, store):
    together = Speak(model, store, placement=CPU)(plan(12)).column("audio").to_pylist()
    alone = Speak(model, store, placement=CPU, limits=BatchLimits(n_rows=1))(plan(12)).column("audio").to_pylist()
    few = Speak(model, store, placement=CPU, limits=BatchLimits(sound_s=10.0))(plan(12)).column("audio").to_pylist()
    assert together == alone == few


def test_measures_are_those_of_the_sound_in_the_table(model, store):
    (take,) = Speak(model, store, placement=CPU)(plan(1)).to_pylist()
    samples, rate_hz = soundfile.read(io.BytesIO(take["audio"]["bytes"]))
    assert soundfile.info(io.BytesIO(take["audio"]["bytes"])).subtype == "PCM_16"
    assert (take["sample_rate_hz"], take["n_samples"]) == (rate_hz, len(samples))
    assert take["duration_s"] == pytest.approx(len(samples) / rate_hz)
    assert take["rms_db"] == pytest.approx(20 * np.log10(np.sqrt(np.mean(samples**2))), abs=0.1)
    assert take["f0_median_hz"] == pytest.approx(120.0)
    assert take["timings"][-1]["end_s"] == pytest.approx(take["duration_s"], abs=0.02)
    assert take["duration_ratio"] == pytest.approx(take["duration_s"] / take["expected_duration_s"], rel=1e-5)


def test_bad_sound_is_flagged(model, store):
    takes = Speak(model, store, placement=CPU)(plan(3, {0: Fault.SILENT, 1: Fault.CLIPPED})).to_pylist()
    assert [take["flags"] for take in takes] == [["silent"], ["clipped"], []]


def test_an_error_of_the_setup_is_not_a_rows_fault(model, store):
    def no_disk(requests):
        raise StorageError("the disk is gone")

    model.speak = no_disk
    with pytest.raises(StorageError):
        Speak(model, store, placement=CPU)(plan(3))


def test_words_of_another_script_flag_the_take(model, store):
    takes = Speak(model, store, placement=CPU)(plan(2, foreign_words=[None, "Привет"]))
    assert takes.column("flags").to_pylist() == [[], ["foreign_words"]]


def test_a_plan_of_an_earlier_version_is_spoken(model, store):
    takes = Speak(model, store, placement=CPU)(plan(2).drop_columns("foreign_words"))
    assert takes.column("flags").to_pylist() == [[], []]
