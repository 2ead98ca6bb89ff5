from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from hierbatch.engine.planning import TakeSettings, assign_units, plan_rows, row_seed, take_key
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS
from hierbatch.manifest.tables.store import open_table
from hierbatch.stages.text import PhonemizeText, front_ends
from tests.making import manifest_file

ASKED = TakeSettings(
    task="speak",
    defaults={"voice": "anna", "language": "en", "speed": 1.0},
    seed=0,
    voice_sha256={"anna": "a" * 64, "jun": "b" * 64},
    fingerprint="f1",
)
ROW = {
    "id": "r1",
    "text": None,
    "phonemes": "h ə .",
    "language": "en",
    "voice": "anna",
    "seed": 1,
    "speed": 1.0,
    "pitch_semitones": 0.0,
    "prosody": 1.0,
    "error_kind": None,
}
RECORDING = {"source": "a.wav", "source_sha256": "d" * 64, "rate_hz": 48_000}


def plan(path, asked=ASKED):
    read_text = PhonemizeText(front_ends())
    return pa.concat_tables(plan_rows(open_table(path, MANIFEST_COLUMNS), read_text, asked))


@pytest.mark.parametrize(
    "change",
    [
        {"phonemes": "h ɛ ."},
        {"language": "ko"},
        {"voice": "jun"},
        {"seed": 2},
        {"speed": 1.1},
        {"pitch_semitones": -1.0},
        {"prosody": 1.2},
    ],
)
def test_a_key_changes_with_all_the_sound_depends_on(change):
    assert take_key(ROW | change, ASKED) != take_key(ROW, ASKED)


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "f2"},
        {"voice_sha256": {"anna": "c" * 64}},
        {"task": "convert"},
        {"run_settings": {"pitch": "keep"}},
    ],
)
def test_a_key_changes_with_the_model_the_prompt_the_task_and_its_settings(change):
    row = ROW | RECORDING
    assert take_key(row, replace(ASKED, **change)) != take_key(row, ASKED)


@pytest.mark.parametrize("task", ["convert", "upsample"])
def test_a_key_changes_with_the_recording_and_the_rate_and_not_with_the_path(task):
    asked, row = replace(ASKED, task=task), ROW | RECORDING
    for change in ({"source_sha256": "e" * 64}, {"rate_hz": 24_000}):
        assert take_key(row | change, asked) != take_key(row, asked)
    assert take_key(row | {"source": "elsewhere/b.wav"}, asked) == take_key(row, asked)


def test_a_key_is_the_same_for_the_same_sound_and_on_every_machine():
    moved = ROW | {"id": "elsewhere", "text": "written otherwise"}
    renamed = replace(ASKED, voice_sha256={"anna": "a" * 64, "extra": "0" * 64})
    assert take_key(moved, renamed) == take_key(ROW, ASKED) == "3b9ffc10c78013163fab97bc07e54bf4"


def test_seeds_differ_by_run_row_and_attempt_and_fit_a_column():
    seeds = {row_seed(run, f"r{row}", attempt) for run in range(5) for row in range(50) for attempt in range(4)}
    assert len(seeds) == 1000
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert row_seed(0, "r1", 1) == 5887655408335135063


def test_every_row_is_planned_once_and_units_keep_their_limits(tmp_path):
    table = plan(manifest_file(tmp_path, 5000))
    assert sorted(table.column("position").to_pylist()) == list(range(5000))
    assert table.column("id").to_pylist() != sorted(table.column("id").to_pylist())  # by length inside windows
    units = table.group_by("unit", use_threads=False).aggregate([("id", "count"), ("expected_duration_s", "sum")])
    assert pc.max(units.column("id_count")).as_py() <= 64
    assert pc.max(units.column("expected_duration_s_sum")).as_py() <= 120.0
    assert units.column("unit").to_pylist() == list(range(len(units)))


def test_a_row_longer_than_a_unit_is_a_unit_of_its_own():
    rows = pa.table(
        {
            "expected_duration_s": pa.array([500.0, 100.0, 30.0, 30.0], pa.float32()),
            "position": [0, 1, 2, 3],
        }
    )
    assert assign_units(rows, 7).column("unit").to_pylist() == [7, 8, 9, 9]


def test_defaults_fill_what_rows_leave_open(tmp_path):
    path = manifest_file(tmp_path, 3, voice=["jun", None, None], speed=pa.array([None, 1.5, None], pa.float32()))
    rows = plan(path).sort_by("position").to_pylist()
    assert [row["voice"] for row in rows] == ["jun", "anna", "anna"]
    assert [row["speed"] for row in rows] == [1.0, 1.5, 1.0]
    assert [row["seed"] for row in rows] == [row_seed(0, row["id"], 1) for row in rows]
    alone = plan(path, replace(ASKED, force_default_voice=True))
    assert set(alone.column("voice").to_pylist()) == {"anna"}


def test_refused_texts_are_planned_with_their_reason_and_keys_of_their_own(tmp_path):
    path = manifest_file(tmp_path, 3, phonemes=pa.nulls(3, pa.string()), text=["...", "!!!", "Hello."])
    rows = plan(path).sort_by("position").to_pylist()
    assert [row["error_kind"] for row in rows] == ["text", "text", None]
    assert len({row["take_key"] for row in rows}) == 3
    assert plan(path).column("error_kind").to_pylist()[0] is None  # those that can be spoken come first


def test_rows_of_a_book_are_sorted_by_length_within_groups_of_whole_chapters():
    chapters = [1] * 40 + [2] * 40 + [3] * 70 + [4] * 10
    lengths_s = np.random.default_rng(0).uniform(1, 10, len(chapters)).astype(np.float32)
    rows = pa.table(
        {"chapter": chapters, "position": list(range(len(chapters))), "expected_duration_s": pa.array(lengths_s)}
    )
    planned = assign_units(rows, 0)
    groups = [set(planned.column("chapter").to_pylist()[start:end]) for start, end in ((0, 80), (80, 150), (150, 160))]
    assert groups == [{1, 2}, {3}, {4}]
    for start, end in ((0, 80), (80, 150), (150, 160)):
        within = planned.column("expected_duration_s").to_pylist()[start:end]
        assert within == sorted(within, reverse=True)
    units = planned.column("unit").to_pylist()
    assert units == sorted(units)
    assert len({*units[:80]} | {*units[80:150]} | {*units[150:]}) == sum(
        len({*units[start:end]}) for start, end in ((0, 80), (80, 150), (150, 160))
    )
