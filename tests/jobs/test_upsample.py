"""Recordings through a whole run: planned, given a top, gone on with."""

import io

import numpy as np
import pytest
import soundfile

from hierbatch.engine.execution import Execution
from hierbatch.errors import BundleError, InputError, ManifestError
from hierbatch.jobs.options.quality import MeasureChoice
from hierbatch.jobs.options.recordings import UpsamplingModelChoice
from hierbatch.jobs.retry import RetryJob, retry
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.specs.upsample import UpsampleSpec
from hierbatch.manifest.takes.takes import Takes
from tests.changing import change
from tests.making import prompt_file, recordings_file
from tests.tiny_bundle import write_tiny_bundle
from tests.tiny_speechsr import write_tiny_speechsr

LOCAL = Execution(engine="local")


def job(folder, **changes) -> RunJob:
    bundle = folder / "tiny"
    if not bundle.exists():
        write_tiny_speechsr(bundle)
    order = change(UpsampleSpec(manifest=folder / "m.csv", model=UpsamplingModelChoice(model=bundle)), **changes)
    return RunJob(spec=order, out=folder / "run", execution=LOCAL, quality=MeasureChoice())


@pytest.fixture
def recordings(tmp_path):
    rates = (16_000, 44_100, 8_000)
    return [prompt_file(tmp_path, 0.5 + i, rate_hz=rate, name=f"s{i}.wav") for i, rate in enumerate(rates)]


def found(folder):
    takes = Takes(folder / "run")
    infos = {row_id: soundfile.info(io.BytesIO(content)) for row_id, content in takes.sounds(takes.ids).items()}
    return {row_id: (info.samplerate, info.frames) for row_id, info in sorted(infos.items())}


def test_every_recording_gets_its_rate_and_keeps_its_length(tmp_path, recordings):
    recordings_file(tmp_path, [path.name for path in recordings], mood=["calm", "glad", "sad"])
    assert run(job(tmp_path)).counts.n_ok == 3
    assert found(tmp_path) == {"r0": (48_000, 24_000), "r1": (48_000, 72_000), "r2": (48_000, 120_000)}
    rows = Takes(tmp_path / "run").table(["mood", "voice", "consent", "duration_ratio", "model"]).to_pylist()
    assert [row["mood"] for row in rows] == ["calm", "glad", "sad"]
    assert {(row["voice"], row["consent"]) for row in rows} == {("", None)}
    assert [row["duration_ratio"] for row in rows] == pytest.approx([1.0] * 3)
    assert all(row["model"].startswith("tiny_speechsr:") for row in rows)


def test_a_row_may_ask_for_a_rate_of_its_own_and_others_are_refused_before_any_work(tmp_path, recordings):
    recordings_file(tmp_path, [path.name for path in recordings], rate_hz=[24_000, 48_000, 24_000])
    run(job(tmp_path))
    assert [rate for rate, _ in found(tmp_path).values()] == [24_000, 48_000, 24_000]
    recordings_file(tmp_path, [path.name for path in recordings], rate_hz=[24_000, 44_100, 24_000])
    with pytest.raises(InputError, match="does not support this rate"):
        run(job(tmp_path))
    with pytest.raises(InputError, match=r"does not support these rates.*22050 Hz, 44100 Hz"):
        run(job(tmp_path, rate_hz=22_050))


def test_one_bad_recording_is_a_row_with_its_reason(tmp_path, recordings):
    (tmp_path / "bad.wav").write_bytes(recordings[0].read_bytes()[:500])
    prompt_file(tmp_path, gain=0.0, name="mute.wav")
    prompt_file(tmp_path, 0.05, name="short.wav")
    soundfile.write(tmp_path / "nan.wav", np.full(16_000, np.nan, np.float32), 16_000, subtype="FLOAT")
    soundfile.write(tmp_path / "stereo.wav", np.random.default_rng(0).normal(0, 0.1, (16_000, 2)), 16_000)
    sources = ["bad.wav", "mute.wav", "short.wav", "nan.wav", "../outside.wav", "nowhere.wav", "stereo.wav"]
    recordings_file(tmp_path, sources)
    standing = run(job(tmp_path)).counts
    assert (standing.n_ok, standing.error_kinds) == (1, {"source": 6})
    assert found(tmp_path) == {"r6": (48_000, 48_000)}


def test_recordings_that_cannot_be_found_are_reported_before_any_work(tmp_path, recordings):
    recordings_file(tmp_path, [recordings[0].name, "nowhere.wav"])
    (notice,) = job(tmp_path).spec.check().notices
    assert notice == "Recordings not found: 1 (nowhere.wav). Their rows will fail"
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(InputError, match="None of the 2 recordings"):
        run(job(tmp_path, source_root=tmp_path / "elsewhere"))
    assert not (tmp_path / "run").exists()


def test_the_same_call_finds_nothing_to_do_and_another_rate_is_another_take(tmp_path, recordings):
    recordings_file(tmp_path, [path.name for path in recordings])
    run(job(tmp_path))
    assert run(job(tmp_path)).session.n_worked == 0
    assert run(change(job(tmp_path, rate_hz=24_000), update=True)).session.n_worked == 3


def test_a_recording_that_turns_up_is_made_by_a_retry(tmp_path, recordings):
    recordings_file(tmp_path, [recordings[0].name, "late.wav"])
    run(job(tmp_path))
    prompt_file(tmp_path, 1.0, name="late.wav")
    assert retry(RetryJob(run=tmp_path / "run", execution=LOCAL)).counts.n_ok == 2


def test_a_model_of_another_kind_and_a_manifest_without_recordings_are_refused(tmp_path, recordings):
    recordings_file(tmp_path, [recordings[0].name])
    with pytest.raises(BundleError, match="does not extend the bandwidth"):
        run(job(tmp_path, model=write_tiny_bundle(tmp_path / "lite")))
    (tmp_path / "m.csv").write_text("id,text\na,Hello\n")
    with pytest.raises(ManifestError, match="column source is missing"):
        run(job(tmp_path))
