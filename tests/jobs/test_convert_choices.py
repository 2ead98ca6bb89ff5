"""What a whole run of conversions may be told to do otherwise: another pitch tracker, a top."""

import json

import numpy as np
import pytest

from hierbatch.audio.files import read_sound
from hierbatch.audio.pitch_trackers import PITCH_TRACKERS
from hierbatch.errors import BundleError, InputError, ProgramError, RunError
from hierbatch.jobs.retry import RetryJob, retry
from hierbatch.jobs.run import run
from hierbatch.manifest.takes.takes import Takes
from tests.changing import change
from tests.jobs.converting import LOCAL, job, sounds, three_recordings
from tests.making import prompt_file, recordings_file
from tests.tiny_bundle import write_tiny_bundle
from tests.tiny_speechsr import write_tiny_speechsr


@pytest.fixture
def recordings(tmp_path):
    return three_recordings(tmp_path)


def test_another_pitch_tracker_is_another_take_and_a_retry_keeps_it(tmp_path, recordings):
    recordings_file(tmp_path, [*(path.name for path in recordings), "late.wav"])
    asked = job(tmp_path)
    run(asked)
    by_yaapt = change(asked, spec=change(asked.spec, f0="yaapt"))
    with pytest.raises(RunError, match="f0"):
        run(by_yaapt)
    assert run(change(by_yaapt, update=True)).session.n_worked == 4
    prompt_file(tmp_path, 1.0, name="late.wav")
    assert retry(RetryJob(run=tmp_path / "run", execution=LOCAL)).counts.n_ok == 4
    settings_json = Takes(tmp_path / "run").table(["settings_json"]).column("settings_json").to_pylist()
    assert {json.loads(entry)["f0"] for entry in settings_json} == {"yaapt"}
    assert run(change(asked, update=True)).session.n_worked == 1  # the others stand as they were made first


@pytest.mark.parametrize("chosen", ["dio", "yaapt"])  # Harvest finds no pitch in a hum without overtones
def test_a_voice_is_checked_by_the_chosen_tracker(tmp_path, recordings, monkeypatch, chosen):
    recordings_file(tmp_path, [path.name for path in recordings])
    deaf = {name: track if name == chosen else no_pitch for name, track in PITCH_TRACKERS.items()}
    bundle = str(write_tiny_bundle(tmp_path / "tiny"))
    order = job(tmp_path, model=bundle, f0=chosen).spec
    monkeypatch.setattr("hierbatch.audio.pitch_trackers.PITCH_TRACKERS", deaf)
    assert set(order.check().prompts) == {"anna"}
    for other in set(deaf) - {chosen}:
        with pytest.raises(InputError, match="no voice in the prompt"):
            change(order, f0=other).check()


def no_pitch(sound):
    return np.zeros(sound.n_samples // 160, np.float32)


def test_a_conversion_above_16_khz_is_extended_on_request_and_in_a_retry(tmp_path, recordings, monkeypatch):
    tiny = str(write_tiny_speechsr(tmp_path / "tiny"))
    monkeypatch.setattr("hierbatch.models.upsampling.full_band.DEFAULT_UPSAMPLER", tiny)
    recordings_file(tmp_path, [*(path.name for path in recordings), "late.wav"])
    plain = job(tmp_path)
    run(plain)
    empty = sounds(tmp_path / "run")
    full = change(plain, full_band=True)
    with pytest.raises(RunError, match="full_band"):
        run(full)
    assert run(change(full, update=True)).session.n_worked == 4
    prompt_file(tmp_path, 1.0, rate_hz=48_000, name="late.wav")
    assert retry(RetryJob(run=tmp_path / "run", execution=LOCAL)).counts.n_ok == 4
    topped = {row_id: read_sound(content) for row_id, content in sounds(tmp_path / "run").items()}
    assert [sound.rate_hz for _, sound in sorted(topped.items())] == [16_000, 44_100, 8_000, 48_000]
    for row_id in ("r1", "r3"):
        assert power_above(topped[row_id], 9_000) > 1e-5
    for row_id, content in empty.items():
        before = read_sound(content)
        assert before.n_samples == topped[row_id].n_samples
        assert row_id == "r1" or np.array_equal(before.samples, topped[row_id].samples)
    assert power_above(read_sound(empty["r1"]), 9_000) < 1e-8  # what 16 bits leave


def power_above(sound, edge_hz):
    """Share of a sound's power."""
    power = np.abs(np.fft.rfft(sound.samples)) ** 2
    return power[np.fft.rfftfreq(sound.n_samples, 1 / sound.rate_hz) > edge_hz].sum() / power.sum()


def test_an_extension_of_a_model_that_is_missing_is_reported_before_any_work(tmp_path, recordings, monkeypatch):
    monkeypatch.setattr("hierbatch.models.upsampling.full_band.DEFAULT_UPSAMPLER", "nowhere")
    recordings_file(tmp_path, [path.name for path in recordings])
    with pytest.raises(BundleError, match="nowhere"):
        run(job(tmp_path, full_band=True))
    assert not (tmp_path / "run").exists()


def test_a_pitch_tracker_that_is_missing_is_reported_before_any_work(tmp_path, recordings, monkeypatch):
    recordings_file(tmp_path, [path.name for path in recordings])
    with pytest.raises(InputError, match="dio or harvest or yaapt"):
        run(job(tmp_path, f0="crepe"))
    monkeypatch.setattr("hierbatch.audio.pitch_trackers.find_spec", lambda name: None)
    with pytest.raises(ProgramError, match="AMFM-decompy"):
        run(job(tmp_path, f0="yaapt"))
    assert not (tmp_path / "run").exists()
