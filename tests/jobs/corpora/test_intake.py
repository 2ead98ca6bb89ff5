"""Long recordings to rows: division, speakers, measures, rules, resuming; the rows are a data set again."""

import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from hierbatch.audio.activity import TimeSpan
from hierbatch.audio.files import read_sound, write_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.datasets.readers import read_dataset
from hierbatch.datasets.rows import DatasetRow
from hierbatch.errors import InputError
from hierbatch.jobs.corpora.intake import IntakeJob, intake
from hierbatch.jobs.options.data import DataLayout
from hierbatch.jobs.options.intake import RowSettings
from hierbatch.manifest.columns.schema import TAKE_COLUMNS
from hierbatch.manifest.corpora.intake_rows import INTAKE_SCHEMA

RATE_HZ = 24_000
SPOKEN = ((0.5, 4.5), (6.0, 11.0), (13.0, 14.0), (16.0, 27.0))


class LoudnessDetector:
    """Stands where the detector's weights would: a second without sound ends an interval."""

    def find(self, waveform):
        loud = np.flatnonzero(np.abs(waveform.samples) > 0.02) / waveform.rate_hz
        edges = np.flatnonzero(np.diff(loud) > 1.0)
        starts, ends = np.concatenate([loud[:1], loud[edges + 1]]), np.concatenate([loud[edges], loud[-1:]])
        return tuple(TimeSpan(float(start), float(end)) for start, end in zip(starts, ends, strict=True))


@pytest.fixture(autouse=True)
def detector(monkeypatch):
    monkeypatch.setattr("hierbatch.jobs.corpora.intake_rows.speech_detector", LoudnessDetector)


def conversation(noise=1e-4):
    times = np.arange(28 * RATE_HZ) / RATE_HZ
    samples = np.random.default_rng(0).normal(0, noise, len(times))
    for number, (start_s, end_s) in enumerate(SPOKEN):
        inside = (times >= start_s) & (times < end_s)
        phase = 2 * np.pi * (120 + 40 * number) * times[inside]
        # Smooth onsets and ends: an abrupt one has content at all frequencies.
        words = np.sin(np.pi * np.clip((times[inside] - start_s) % 1.0 / 0.8, 0, 1)) ** 2
        samples[inside] += 0.05 * words * sum(np.cos(k * phase) / k for k in range(1, 40))
    return Waveform(samples.astype(np.float32), RATE_HZ)


@pytest.fixture
def job(tmp_path):
    write_sound(tmp_path / "data" / "ann" / "talk.flac", conversation())
    return IntakeJob(
        recordings=(tmp_path / "data",), out=tmp_path / "rows", rows=RowSettings(min_duration_s=2, max_duration_s=8)
    )


def rows_of(job):
    return pq.read_table(job.out / "rows.parquet").to_pylist()


def test_rows_are_the_utterances_with_the_measures_of_takes(job):
    result = intake(job, lambda line: None)
    rows = rows_of(job)
    assert [row["id"] for row in rows] == [f"{rows[0]['id'][:-5]}-{n:04d}" for n in range(len(rows))]
    times_s = [rows[0]["start_s"], rows[0]["end_s"], rows[1]["start_s"], rows[1]["end_s"], rows[2]["start_s"]]
    np.testing.assert_allclose([*times_s, rows[-1]["end_s"]], [0.5, 4.3, 6.0, 10.8, 16.0, 26.8], atol=0.25)
    assert all(2 <= row["duration_s"] <= 8 for row in rows)
    assert [round(row["f0_median_hz"], -1) for row in rows[:3]] == [120, 160, 240]
    whole = conversation()
    for row in rows:
        sound = read_sound(row["audio"]["bytes"])
        first = round(row["start_s"] * RATE_HZ)
        np.testing.assert_allclose(sound.samples, whole.samples[first : first + sound.n_samples], atol=1e-4)
        assert row["duration_s"] == pytest.approx(row["end_s"] - row["start_s"], abs=1e-3)
        assert row["speaker"] == "ann"
        assert row["bandwidth_hz"] == pytest.approx(39 * row["f0_median_hz"], rel=0.05)
        assert row["rejected_by"] == (["narrow"] if row["bandwidth_hz"] < 6000 else [])
    assert result.n_rejected_by_rule == {"narrow": 1}
    assert result.n_kept == len(rows) - 1


def test_measure_columns_are_those_of_takes():
    takes = {column.name: column.type for column in TAKE_COLUMNS}
    shared = {field.name: field.type for field in INTAKE_SCHEMA if field.name in takes}
    assert shared == {name: takes[name] for name in shared}
    assert {"loudness_lufs", "snr_db", "clipped_samples", "f0_median_hz", "asr_text", "flags"} <= shared.keys()


def test_segments_give_the_speakers(job, tmp_path):
    lines = ["SPEAKER talk 1 0.0 5.5 <NA> <NA> Bob <NA> <NA>", "SPEAKER talk 1 5.5 22.5 <NA> <NA> Cid <NA> <NA>"]
    (tmp_path / "segments").mkdir()
    (tmp_path / "segments" / "talk.rttm").write_text("\n".join(lines))
    intake(replace(job, rows=replace(job.rows, segments=tmp_path / "segments")), lambda line: None)
    speakers = [(row["speaker"], row["start_s"] < 5.5) for row in rows_of(job)]
    assert speakers[0] == ("Bob", True)
    assert set(speakers[1:]) == {("Cid", False)}


def test_rules_reject_with_reasons_and_prepare_reads_the_rest(job, tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nname = "long"\ncolumn = "duration_s"\nmax = 4.9\n')
    result = intake(replace(job, rows=replace(job.rows, filter=rules)), lambda line: None)
    rows = rows_of(job)
    assert {row["id"]: row["rejected_by"] for row in rows} == {
        row["id"]: (["long"] if row["duration_s"] > 4.9 else []) for row in rows
    }
    kept = [row.id for row in read_dataset([job.out / "rows.parquet"]) if isinstance(row, DatasetRow)]
    assert kept == [row["id"] for row in rows if not row["rejected_by"]]
    assert result.n_kept == len(kept) > 0


def test_an_interrupted_intake_resumes(job, tmp_path, monkeypatch):
    write_sound(tmp_path / "data" / "bob" / "later.flac", conversation())
    lines = []

    def interrupt(line):
        lines.append(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        intake(job, interrupt)
    assert len(list((job.out / "recordings").glob("*.parquet"))) == 1
    assert not (job.out / "rows.parquet").exists()
    lines.clear()
    intake(job, lines.append)
    assert [line.partition(":")[0] for line in lines] == ["bob/later"], "a complete recording is not divided again"
    assert {row["speaker"] for row in rows_of(job)} == {"ann", "bob"}


def test_a_damaged_recording_costs_itself_only(job, tmp_path):
    (tmp_path / "data" / "ann" / "damaged.wav").write_bytes(b"RIFF")
    write_sound(tmp_path / "data" / "ann" / "silent.wav", Waveform(np.full(30 * RATE_HZ, 1e-5, np.float32), RATE_HZ))
    (tmp_path / "data" / "ann" / "silent.rttm").write_text("SPEAKER silent 1 zero 5.5 <NA> <NA> Bob <NA> <NA>")
    result = intake(job, lambda line: None)
    assert {row.id for row in result.unusable} == {"ann/damaged", "ann/silent"}
    listed = [json.loads(line) for line in (job.out / "rejected.jsonl").open()]
    assert {row["id"] for row in listed} == {"ann/damaged", "ann/silent"}
    assert all("Fix: " in row["reason"] for row in listed)
    assert {row["recording"].rpartition("/")[2] for row in rows_of(job)} == {"talk.flac"}


def test_short_recordings_keep_their_text(job, tmp_path):
    write_sound(tmp_path / "data" / "ann" / "short.wav", Waveform(conversation().samples[: 4 * RATE_HZ], RATE_HZ))
    (tmp_path / "data" / "ann" / "short.txt").write_text("Hello there.")
    intake(job, lambda line: None)
    texts = {row["id"]: row["text"] for row in rows_of(job) if row["text"]}
    assert list(texts.values()) == ["Hello there."]


def test_other_settings_need_another_folder(job):
    intake(job, lambda line: None)
    with pytest.raises(InputError, match=r"other settings.*max_duration_s 8.*max_duration_s 9.*Fix: "):
        intake(replace(job, rows=replace(job.rows, max_duration_s=9)), lambda line: None)
    with pytest.raises(InputError, match=r"at least twice"):
        intake(replace(job, rows=replace(job.rows, max_duration_s=3)), lambda line: None)


def test_nothing_usable_is_a_sentence(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.wav").write_bytes(b"RIFF")
    job = IntakeJob(recordings=(tmp_path / "data",), out=tmp_path / "rows", layout=DataLayout(language="en"))
    with pytest.raises(InputError, match=r"No recording can be used.*Fix: "):
        intake(job, lambda line: None)
