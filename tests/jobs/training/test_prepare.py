"""Data sets of any layout to a prepared set: resuming, filters, F0, features and the estimate."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hierbatch.audio.pitch import estimate_f0, estimate_fine_f0
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError
from hierbatch.jobs.options.data import DataLayout, FeatureChoice
from hierbatch.jobs.training.prepare import PrepareJob, estimate, prepare
from hierbatch.models.lite.config import LiteConfig
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.recipes.catalog import make_recipe
from hierbatch.training.row_limits import RowLimits
from tests.datasets import layouts
from tests.tiny_bundle import write_tiny_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny")


@pytest.fixture
def job(tmp_path, bundle):
    layouts.folder(tmp_path / "data")
    return PrepareJob(
        data=(tmp_path / "data",), out=tmp_path / "prepared", features=FeatureChoice(features=f"lite={bundle}")
    )


def contents(folder):
    prepared = PreparedSet(folder)
    return {u.id: (u.speaker, u.phonemes, prepared.audio(u), prepared.semantic(u)) for u in prepared.utterances}


def with_changes(job, **changes):
    return replace(job, **changes)


def test_an_interrupted_preparation_resumes_and_takes_new_recordings(job, tmp_path, monkeypatch):
    whole = with_changes(job, out=tmp_path / "whole")
    prepare(whole, lambda line: None)
    monkeypatch.setattr("hierbatch.jobs.training.prepare._SHARD_ROWS", 1)
    lines = []

    def interrupt(line):
        lines.append(line)
        if len(lines) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(job, interrupt)
    assert len(contents(job.out)) == 2
    assert prepare(job, lines.append).n_rows == 3
    expected, found = contents(whole.out), contents(job.out)
    assert expected.keys() == found.keys() == {"101/u0", "101/u1", "202/u2"}
    for key, (speaker, phonemes, audio, semantic) in expected.items():
        assert found[key][:2] == (speaker, phonemes)
        np.testing.assert_array_equal(found[key][2], audio)
        np.testing.assert_array_equal(found[key][3], semantic)
    layouts.write(tmp_path / "data" / "303" / "new.wav", layouts.encoded(1.0))
    assert prepare(job, lines.append).n_rows == 4
    assert len(list(job.out.glob("*/index.parquet"))) == 4


def test_processes_share_the_rows(job):
    for index in range(2):
        prepare(with_changes(job, process_index=index, n_processes=2), lambda line: None)
    assert len(contents(job.out)) == 3


def test_rows_outside_the_limits_are_listed_with_their_reason(job, tmp_path):
    layouts.write(tmp_path / "data" / "101" / "torn.wav", b"RIFF")
    limited = with_changes(job, limits=RowLimits(min_duration_s=0.9, max_duration_s=1.2))
    assert prepare(limited, lambda line: None).n_rows == 1
    rejected = {row["id"]: row["reason"] for row in map(json.loads, (job.out / "rejected.jsonl").open())}
    assert set(rejected) == {"101/u1", "202/u2", "101/torn"}
    assert "longer than 1.2 s: 1.5 s" in rejected["101/u1"]
    assert "hierbatch intake" in rejected["101/u1"]
    assert "shorter than 0.9 s" in rejected["202/u2"]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (RowLimits(min_snr_db=20), "noisy"),
        (RowLimits(max_clipped_samples=0), "clipped"),
        (RowLimits(min_snr_db=3, max_clipped_samples=10_000_000), ""),
        (RowLimits(), ""),
    ],
)
def test_noise_and_clipping_are_limited_on_request(limits, reason):
    times = np.arange(16_000) / 16_000
    bursts = np.where(np.sin(2 * np.pi * 4 * times) > 0, 1.2, 0.25) * np.sin(2 * np.pi * 200 * times)
    found, snr_db = limits.reject_sound(Waveform(np.clip(bursts, -1, 1).astype(np.float32), 16_000))
    assert reason in found
    assert bool(found) == bool(reason)
    assert 5 < snr_db < 20


def test_a_transcript_that_does_not_fit_is_not_used(job, tmp_path):
    layouts.write(tmp_path / "data" / "101" / "u0.txt", "word " * 60)
    prepare(job, lambda line: None)
    phonemes = {key: row[1] for key, row in contents(job.out).items()}
    assert phonemes["101/u0"] == ""
    assert phonemes["101/u1"]


def test_f0_every_5_ms_agrees_with_that_every_10_ms(job):
    prepare(with_changes(job, features=FeatureChoice(features=job.features.features, f0_hop_ms=5)), lambda line: None)
    prepared = PreparedSet(job.out)
    for utterance in prepared.utterances:
        f0_hz, fine_hz = prepared.f0_hz(utterance), prepared.fine_f0_hz(utterance)
        assert (len(f0_hz), len(fine_hz)) == (2 * utterance.n_frames, 4 * utterance.n_frames)
        voiced = (f0_hz > 0) & (fine_hz[1::2] > 0)
        assert voiced.mean() > 0.8
        np.testing.assert_allclose(f0_hz[voiced][2:-2], fine_hz[1::2][voiced][2:-2], rtol=0.005)


def test_fine_f0_is_centred_on_multiples_of_80_samples():
    times = np.arange(32_000) / 16_000
    glide = Waveform((0.3 * np.sin(2 * np.pi * (100 * times + 50 * times**2))).astype(np.float32), 16_000)
    fine_hz, f0_hz = estimate_fine_f0(glide), estimate_f0(glide)
    np.testing.assert_allclose(fine_hz[100:300], 100 + 100 * np.arange(100, 300) * 0.005, rtol=0.01)
    np.testing.assert_allclose(f0_hz[50:150], 100 + 100 * (np.arange(50, 150) * 0.01 + 0.005), rtol=0.01)


def test_a_set_keeps_its_settings(job):
    prepare(job, lambda line: None)
    with pytest.raises(InputError, match=r"other settings.*pitch_tracker: dio.*pitch_tracker: yaapt"):
        prepare(
            with_changes(job, features=FeatureChoice(features=job.features.features, f0="yaapt")), lambda line: None
        )
    prepared = PreparedSet(job.out)
    with pytest.raises(InputError, match="no F0 every 5 ms"):
        prepared.fine_f0_hz(prepared.utterances[0])
    assert prepared.settings.features.channels == 8


def test_the_estimate_is_the_size_of_the_prepared_set(job, tmp_path):
    layouts.write(tmp_path / "data" / "101" / "torn.wav", b"RIFF")
    found = estimate(job)
    assert not job.out.exists()
    assert (found.n_rows, found.n_with_text, found.n_speakers) == (3, 3, 2)
    assert found.n_rejected_by_reason == {"unreadable, incomplete or repeated": 1}
    prepare(job, lambda line: None)
    n_bytes = sum(file.stat().st_size for file in job.out.glob("shard-*/*.*") if file.suffix != ".parquet")
    assert found.n_bytes == pytest.approx(n_bytes, rel=0.05)
    assert found.duration_s == pytest.approx(sum(layouts.DURATIONS_S), abs=0.13)


@pytest.mark.parametrize(
    ("features", "sentence"),
    [("loudness", "unknown"), ("mms", "unknown"), ("mms=nowhere", "does not exist"), ("encoder=.", "cannot be loaded")],
)
def test_wrong_features_are_a_sentence(job, features, sentence):
    with pytest.raises(InputError, match=f"{sentence}.*Fix: "):
        prepare(with_changes(job, features=FeatureChoice(features=features)), lambda line: None)


def test_options_of_the_layout_reach_the_rows(job):
    prepare(with_changes(job, layout=DataLayout(speaker="me", language="ko")), lambda line: None)
    assert {(u.speaker, u.language) for u in PreparedSet(job.out).utterances} == {("me", "ko")}


def test_nothing_usable_is_a_sentence(job):
    with pytest.raises(InputError, match=r"No row can be used.*shorter than 50 s"):
        prepare(with_changes(job, limits=RowLimits(min_duration_s=50, max_duration_s=60)), lambda line: None)


def test_networks_of_another_size_are_not_trained_on_a_set(job):
    prepare(job, lambda line: None)
    with pytest.raises(InputError, match=r"do not fit the network.*64 channels.*8 of lite.*Fix: "):
        make_recipe("vocoder", job.out, LiteConfig(), "cpu")
