"""Stages of the decomposition: warping paths, frames of the variants, the table and the command."""

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
from typer.testing import CliRunner

from tests.tiny_bundle import write_tiny_bundle
from tests.tools.evaluation.fake_kit import fake_kit
from tools.evaluation.decomposition.__main__ import app
from tools.evaluation.decomposition.job import format_table, recorded_texts
from tools.evaluation.decomposition.stages import STAGES, ContentFrames
from tools.evaluation.decomposition.time_warping import warp


def test_a_sequence_stretched_unevenly_is_warped_back() -> None:
    vectors = np.random.default_rng(0).standard_normal((30, 16)).astype(np.float32)
    repeats = np.where(np.arange(30) < 10, 3, 1)
    to_stretched, to_plain = warp(vectors, np.repeat(vectors, repeats, axis=0))
    np.testing.assert_array_equal(to_plain, np.repeat(np.arange(30), repeats))
    np.testing.assert_array_equal(to_stretched[10:], np.arange(30, 50))
    np.testing.assert_array_equal(to_stretched[:10], 3 * np.arange(10) + 1)  # the middle one of three


def test_the_path_is_as_cheap_as_by_the_recursion_cell_by_cell() -> None:
    rng = np.random.default_rng(1)
    one, other = (rng.standard_normal((n, 4)).astype(np.float32) for n in (9, 13))
    distances = 1 - (one / np.linalg.norm(one, axis=1)[:, None]) @ (other / np.linalg.norm(other, axis=1)[:, None]).T
    totals = np.full((10, 14), np.inf)
    totals[0, 0] = 0
    for i in range(1, 10):
        for j in range(1, 14):
            steps = totals[i - 1, j - 1], totals[i - 1, j] + 0.05, totals[i, j - 1] + 0.05
            totals[i, j] = distances[i - 1, j - 1] + min(steps)
    from tools.evaluation.decomposition.time_warping import _shortest_path

    path = _shortest_path(distances)
    n_stays = sum(1 for step in np.diff(path, axis=0) if step.min() == 0)
    assert distances[path[:, 0], path[:, 1]].sum() + 0.05 * n_stays == pytest.approx(totals[9, 13], abs=1e-5)


def test_frames_keep_their_pairs_of_pitch_values() -> None:
    frames = ContentFrames(np.arange(4.0)[:, None], np.arange(8.0), np.ones(8))
    picked = frames.at(np.array([2, 0]))
    np.testing.assert_array_equal(picked.semantic[:, 0], [2, 0])
    np.testing.assert_array_equal(picked.f0_hz, [4, 5, 0, 1])


def test_a_difference_is_taken_pair_by_pair() -> None:
    values = {(stage, measure): [2.0, 4.0] for stage in STAGES for measure in ("distillmos", "dnsmos")}
    before = {key: [1.9, 3.9] for key in values}
    table = format_table({"Korean": values}, {"Korean": before})
    assert table.count("3.00 ± 1.00 (+0.10 ± 0.00)") == 2 * len(STAGES)


def test_recordings_and_prompts_are_different_clips() -> None:
    texts = recorded_texts()
    clips = [clip for text in texts for clip in (text.recording, text.prompt)]
    assert len(set(clips)) == len(clips) > 40
    assert {text.language for text in texts} == {"en", "ko"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A buzz of one second in place of every recording."""
    folder = tmp_path_factory.mktemp("speech")
    phase = 2 * np.pi * 140 * np.arange(20_000) / 16_000
    sink = io.BytesIO()
    soundfile.write(sink, 0.1 * np.exp(4 * (np.cos(phase) - 1)), 16_000, format="FLAC", subtype="PCM_16")
    files = {}
    for text in recorded_texts(2):
        for clip in (text.recording, text.prompt):
            audio = {"bytes": sink.getvalue(), "path": None}
            words = "안녕하세요." if text.language == "ko" else "Hello."
            files.setdefault(clip.file, []).append({"id": clip.row, "text": words, "audio": audio})
    for file, rows in files.items():
        (folder / file).parent.mkdir(exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows), folder / file)
    return folder


def test_the_command_prints_every_stage_of_both_models(tmp_path, data) -> None:
    fake_kit(tmp_path / "kit")
    bundle = str(write_tiny_bundle(tmp_path / "bundle", log_duration=1.7))
    options = ["--kit", tmp_path / "kit", "--data", data, "--model", bundle, "--before", bundle, "--limit", 2]
    result = CliRunner().invoke(
        app, [str(option) for option in (*options, "--cache", tmp_path / "kept")], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    for stage in STAGES:
        assert f"| {stage} | 4.00 ± 0.00 (+0.00 ± 0.00) |" in result.output
    kept = [json.loads(path.read_text()) for path in (tmp_path / "kept").iterdir()]
    assert len(kept) < 2 * 2 * 3 * 2 * len(STAGES)  # the same clips of both models are scored once
