import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch

from hierbatch.engine.execution import Execution
from hierbatch.engine.progress import RunListener
from hierbatch.errors import BundleError, InputError, ManifestError, RunError, StorageError
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.run import check_device, run
from hierbatch.manifest.takes.takes import Takes
from hierbatch.models.device_placement import DevicePlacement
from tests.changing import change
from tests.engine.fake_model import Fault, batches_too_large, spoken
from tests.engine.planned_run import bundle_folder
from tests.jobs.running import job, reordered, sounds, wait_for_parts
from tests.making import manifest_file, phonemes, prompt_file

ROOT = Path(__file__).parents[2]


def test_every_row_ends_as_one_take_with_an_honest_status(tmp_path):
    outcome = run(job(tmp_path, 100, {3: Fault.RAISE, 7: Fault.NAN, 12: Fault.CLIPPED}))
    standing = outcome.counts
    assert (standing.n_rows, standing.n_ok, standing.n_failed, standing.n_missing) == (100, 98, 2, 0)
    assert standing.error_kinds == {"exception": 1, "synthesis": 1}
    assert standing.flags == {"clipped": 1}
    assert Takes(tmp_path / "run").ids == [f"r{i:03d}" for i in range(100)]


def test_the_same_call_again_finds_nothing_to_do(tmp_path):
    asked = job(tmp_path, 10, {3: Fault.RAISE})
    run(asked)
    before = sorted(spoken(tmp_path / "bundle"))
    again = run(asked)
    assert again.session.n_worked == 0
    assert again.counts.n_failed == 1  # a row that failed for good is not tried on every run
    assert sorted(spoken(tmp_path / "bundle")) == before


def test_editing_one_sentence_of_many_makes_one_new_take(tmp_path):
    asked = job(tmp_path, 70)
    run(asked)
    before = sounds(asked.out)
    edited = [phonemes(i) for i in range(70)]
    edited[42] = "m ˈu n | ˈoʊ v ɚ ."
    manifest_file(tmp_path, 70, phonemes=edited)
    with pytest.raises(RunError, match="manifest_sha256"):
        run(asked)
    outcome = run(change(asked, update=True))
    assert outcome.session.n_worked == 1
    after = sounds(asked.out)
    assert [i for i in before if before[i] != after[i]] == ["r042"]


def test_another_voice_recomputes_every_take(tmp_path):
    asked = job(tmp_path, 10)
    run(asked)
    prompt_file(tmp_path, gain=0.2)
    with pytest.raises(RunError, match="voices"):
        run(asked)
    assert run(change(asked, update=True)).session.n_worked == 10


def test_a_changed_model_is_never_mixed_in_silently(tmp_path):
    asked = job(tmp_path, 10)
    run(asked)
    bundle_folder(tmp_path, version="2")
    with pytest.raises(RunError, match="fingerprint"):
        run(asked)


def test_recordings_may_move_once_a_run_is_planned(tmp_path):
    asked = job(tmp_path, 5)
    run(asked)
    for part in (asked.out / "parts").iterdir():
        part.unlink()
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (tmp_path / "anna.wav").rename(moved / "anna.wav")
    assert run(reordered(asked, voices=VoiceChoice(voice=moved / "anna.wav"))).counts.n_ok == 5


def test_the_manifests_own_columns_reach_the_takes(tmp_path):
    asked = job(tmp_path, 3)
    manifest_file(tmp_path, 3, mood=["calm", "glad", None], chapter=[1, 1, 2])
    run(asked)
    table = Takes(asked.out).table(["id", "mood", "chapter", "consent", "voice", "synthetic"])
    assert table.column("mood").to_pylist() == ["calm", "glad", None]
    assert table.column("chapter").to_pylist() == [1, 1, 2]
    assert set(table.column("voice").to_pylist()) == {"anna"}
    assert set(table.column("consent").to_pylist()) == {"self"}
    assert set(table.column("synthetic").to_pylist()) == {True}


def test_a_user_sees_the_progress_and_the_notices_of_the_voice(tmp_path):
    asked = job(tmp_path, 70)
    prompt_file(tmp_path, duration_s=20.0)
    lines, notices = [], []
    run(asked, RunListener(on_progress=lambda progress: lines.append(progress.line()), on_message=notices.append))
    assert any("15.0 s" in notice for notice in notices)
    assert lines[-1].startswith("70/70 rows")


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (lambda folder: (folder / "m.parquet").unlink(), ManifestError, "no table"),
        (lambda folder: (folder / "anna.wav").unlink(), InputError, "cannot be read"),
        (lambda folder: prompt_file(folder, duration_s=0.4), InputError, "too short"),
        (lambda folder: prompt_file(folder, gain=0.0), InputError, "silent"),
        (lambda folder: (folder / "anna.wav").write_bytes(b"no sound"), InputError, "not a readable audio file"),
        (lambda folder: manifest_file(folder, 3, language=["de", "en", "en"]), ManifestError, "de"),
        (lambda folder: (folder / "bundle").rename(folder / "b"), BundleError, "no such model bundle"),
        (lambda folder: (folder / "run").write_text("a file"), InputError, "run"),
    ],
)
def test_setup_errors_are_reported_before_any_work(tmp_path, spoil, error, words):
    asked = job(tmp_path, 3)
    spoil(tmp_path)
    with pytest.raises(error, match=words):
        run(asked)
    assert not (tmp_path / "run" / "parts").exists()


def test_a_full_disk_keeps_what_is_finished_and_the_rerun_continues(tmp_path, monkeypatch):
    asked = job(tmp_path, 140)
    real, n_calls = os.replace, [0]

    def full_after_two_parts(source, target):
        if Path(target).parent.name == "parts":
            n_calls[0] += 1
            if n_calls[0] > 2:
                raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(os, "replace", full_after_two_parts)
    with pytest.raises(StorageError, match="No space left"):
        run(asked)
    assert len(list((tmp_path / "run" / "parts").iterdir())) == 2
    assert list((tmp_path / "run" / "tmp").iterdir()) == []
    monkeypatch.undo()
    outcome = run(asked)
    assert (outcome.session.n_worked, outcome.counts.n_ok) == (140 - 2 * 64, 140)


def start_run(folder, *options):
    script = "from hierbatch.cli.app import main; main()"
    command = [
        "run",
        folder / "m.parquet",
        "--out",
        folder / "run",
        "--voice",
        folder / "anna.wav",
        "--engine",
        "local",
    ]
    model = ["--model", folder / "bundle"]
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, [*command, *model, *options])],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_a_driver_killed_at_any_moment_loses_and_repeats_no_finished_unit(tmp_path):
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    run(job(undisturbed, 260, {5: Fault.RAISE}))
    disturbed = tmp_path / "disturbed"
    disturbed.mkdir()
    job(disturbed, 260, {5: Fault.RAISE}, seconds_a_row=0.003)
    rng = random.Random(1)
    kept = {}
    for n_parts in (1, 3):
        process = start_run(disturbed)
        wait_for_parts(disturbed, n_parts, process)
        time.sleep(rng.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        parts = {part: part.stat().st_mtime_ns for part in (disturbed / "run" / "parts").glob("*.parquet")}
        assert all(parts[part] == written for part, written in kept.items())
        kept = parts
    outcome, _ = start_run(disturbed).communicate(timeout=120)
    assert "259 of 260 rows done, 1 failed" in outcome
    assert all(part.stat().st_mtime_ns == written for part, written in kept.items())
    ids = [i for part in (disturbed / "run" / "parts").iterdir() for i in pq.read_table(part).column("id").to_pylist()]
    assert len(ids) == len(set(ids)) == 260
    assert sounds(disturbed / "run") == sounds(undisturbed / "run")
    # At most the unit in hand was spoken twice, once a kill; the row that raises is tried in a batch and alone.
    assert len(spoken(disturbed / "bundle")) <= 260 + 2 * 64 + 40


@pytest.mark.slow
def test_asked_to_stop_a_run_puts_down_what_is_in_hand(tmp_path):
    job(tmp_path, 400, seconds_a_row=0.01)
    process = start_run(tmp_path)
    wait_for_parts(tmp_path, 1, process)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "the same command resumes" in said
    n_done = sum(pq.read_metadata(part).num_rows for part in (tmp_path / "run" / "parts").iterdir())
    assert n_done == len(spoken(tmp_path / "bundle"))  # nothing that was spoken is thrown away
    assert 0 < n_done < 400
    events = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    assert events[-1]["ending"] == "interrupted"


def test_the_precision_is_the_workers_and_is_stored_with_the_take(tmp_path):
    asked = change(job(tmp_path, 3), dtype="bfloat16")
    assert run(asked).counts.n_ok == 3
    assert set(Takes(asked.out).table(["device"]).column("device").to_pylist()) == {"cpu,bfloat16"}
    assert run(change(asked, dtype="float32")).session.n_worked == 0  # how it is worked makes no other take


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"device": "tpu"}, "device is not known"),
        ({"device": "cuda:99"}, "no GPU"),
        ({"dtype": "int8"}, "dtype is not known"),
        ({"dtype": "float16"}, "A CPU does not compute in float16"),
        ({"compile": True}, "compiler"),
    ],
)
def test_a_device_that_is_missing_is_refused_before_any_work(tmp_path, options, fault, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("shutil.which", lambda name, *_, **__: None)
    with pytest.raises(InputError, match=fault):
        run(change(job(tmp_path), **options))
    assert not (tmp_path / "run").exists()


def test_the_devices_of_a_cluster_are_not_looked_for_here(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    check_device(DevicePlacement.parse("cuda,bfloat16"), Execution(ray_address="10.0.0.1:6379"))
    with pytest.raises(InputError, match="dtype"):
        check_device(DevicePlacement.parse("cuda,int8"), Execution(ray_address="10.0.0.1:6379"))


@pytest.mark.parametrize("address", ["", "10.0.0.1:6379"])
def test_a_certain_gpu_is_for_this_process_alone(monkeypatch, address):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    check_device(DevicePlacement.parse("cuda:1"), Execution(engine="local"))
    check_device(DevicePlacement.parse("cuda"), Execution(ray_address=address))
    with pytest.raises(InputError, match="Ray assigns each worker its GPU"):
        check_device(DevicePlacement.parse("cuda:1"), Execution(ray_address=address))


def test_a_run_that_stops_reports_the_three_most_frequent_of_its_reasons(tmp_path):
    kinds = [Fault.REFUSE] * 4 + [Fault.NAN] * 3 + [Fault.RAISE] * 2 + [Fault.EMPTY]
    asked = job(tmp_path, 160, {i: kinds[i // 5 % 10] for i in range(160)})  # five lengths: of each, all kinds
    sitting = run(asked).session
    assert sitting.ending == "failures"
    errors = Counter(Takes(asked.out).table(["error"]).column("error").to_pylist()).most_common()
    assert len(errors) == 4
    assert [count for _, count in sitting.reasons] == [count for _, count in errors[:3]] == [28, 18, 12]
    told = [reason for reason, _ in sitting.reasons]
    assert "told to refuse" in told[0]
    assert "numbers" in told[1]
    assert "ZeroDivisionError" in told[2]


def test_batches_that_do_not_fit_into_memory_are_halved_once_for_all_units(tmp_path):
    asked = job(tmp_path, 256, room_phones=8 * 25)
    assert run(asked).counts.n_ok == 256
    assert len(list((asked.out / "parts").iterdir())) >= 3
    assert 0 < len(batches_too_large(tmp_path / "bundle")) <= 2  # at first, and never again
