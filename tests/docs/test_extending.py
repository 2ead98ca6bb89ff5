"""A measure and a task that a package outside hierbatch adds by entry points."""

import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from hierbatch.analysis.report_page import report_page
from hierbatch.analysis.study import open_run
from hierbatch.audio.files import read_sound
from hierbatch.engine.execution import Execution
from hierbatch.errors import InputError, ProgramError
from hierbatch.jobs.compact import CompactJob, compact
from hierbatch.jobs.run import RunJob, run
from hierbatch.manifest.takes.takes import Takes
from hierbatch.stages.score_takes import Measures, ScoreTakes
from hierbatch.stages.tasks import find_task
from tests.changing import change
from tests.engine.fake_model import Fault
from tests.jobs.running import job
from tests.making import prompt_file, recordings_file

ROOT = Path(__file__).parents[2]
TOYS = Path(__file__).parent / "toys"
RULE = '[[rule]]\nname = "flat"\ncolumn = "crest_db"\nmin = 100\n'


@pytest.fixture
def toys(monkeypatch):
    monkeypatch.syspath_prepend(str(TOYS))


def measured_job(folder, faults=None, **changes) -> RunJob:
    asked = job(folder, n_rows=4, faults=faults)
    return change(asked, measures="crest", **changes)


def crest_db(content):
    samples = read_sound(content).samples.astype(np.float64)
    return 20 * np.log10(np.abs(samples).max() / np.sqrt(np.mean(samples**2)))


def test_without_the_package_there_is_neither(tmp_path):
    with pytest.raises(InputError, match=r"semantic, speaker, asr.*crest"):
        Measures.from_names(["crest"])
    with pytest.raises(InputError, match="reverse"):
        find_task("reverse")


@pytest.fixture
def measured(toys, tmp_path):
    assert run(measured_job(tmp_path, faults={1: Fault.CLIPPED})).counts.n_ok == 4
    return tmp_path / "run"


def test_the_column_of_an_added_measure_is_in_the_takes_before_the_audio(measured):
    takes = Takes(measured)
    assert takes.schema.names[-2:] == ["crest_db", "audio"]
    sounds = takes.sounds(takes.ids)
    for row in takes.table(["id", "crest_db", "flags"]).to_pylist():
        assert row["crest_db"] == pytest.approx(crest_db(sounds[row["id"]]), abs=0.01)
        assert ("squashed" in row["flags"]) == (row["crest_db"] < 2.5) == (row["id"] == "r001")


def test_a_run_can_be_read_and_compacted_where_the_package_is_missing(measured, monkeypatch):
    before = Takes(measured).table(["id", "crest_db"])
    monkeypatch.undo()
    assert Takes(measured).table(["id", "crest_db"]).equals(before)
    compact(CompactJob(run=measured))
    assert Takes(measured).table(["id", "crest_db"]).equals(before)
    (measure,) = (measure for measure in open_run(measured).measures if measure.column == "crest_db")
    assert (measure.axis, measure.high) == ("Crest factor (dB)", 40)
    assert "Crest factor" in report_page(open_run(measured), written_at=datetime(2026, 1, 2, tzinfo=UTC))


def test_a_rule_on_an_added_column_repeats_takes_although_no_part_has_it_yet(toys, tmp_path):
    run(measured_job(tmp_path, default_filter=RULE, max_retakes=1))
    assert Takes(tmp_path / "run").table(["attempt"]).column(0).to_pylist() == [2] * 4


def test_a_manifest_column_of_the_same_name_is_refused(toys, tmp_path):
    rows = pa.table({"crest_db": [1.0], "audio": pa.array([None], pa.string())})
    with pytest.raises(InputError, match="crest_db"):
        ScoreTakes(Measures(names=("crest",)), tmp_path)(rows)


def test_a_package_that_cannot_be_imported_is_named(toys):
    with pytest.raises(ProgramError, match=r"broken of the package hierbatch-toys.*no_such_module"):
        Measures.from_names(["broken"]).check()


def test_an_added_task_runs_through_the_engine(toys, tmp_path):
    from hierbatch_toys import ReverseSpec

    sources = [prompt_file(tmp_path, 0.5 + i, name=f"s{i}.wav") for i in range(2)]
    manifest = recordings_file(tmp_path, [*(path.name for path in sources), "missing.wav"], mood=["a", "b", "c"])
    asked = RunJob(spec=ReverseSpec(manifest=manifest), out=tmp_path / "run", execution=Execution(engine="local"))
    counts = run(change(asked, max_retakes=0)).counts
    assert (counts.n_ok, counts.n_failed) == (2, 1)
    takes = Takes(tmp_path / "run")
    assert takes.table(["model", "mood"]).to_pylist()[0] == {"model": "backwards:1", "mood": "a"}
    for path, content in zip(sources, (takes.sounds(["r0"])["r0"], takes.sounds(["r1"])["r1"]), strict=True):
        expected = read_sound(path.read_bytes()).samples[::-1]
        np.testing.assert_allclose(read_sound(content).samples, expected, atol=2 / 32768)


def test_the_code_of_the_page_is_the_code_that_runs():
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    code = (TOYS / "hierbatch_toys.py").read_text(encoding="utf-8")
    for title in ("A measure", "A task"):
        section = page.split(f"\n## {title}\n")[1].split("\n## ")[0]
        samples = re.findall(r"```python\n(.*?)```", section, re.S)
        assert len(samples) >= 2
        assert all(sample in code for sample in samples), title
    points = (TOYS / "hierbatch_toys-0.dist-info" / "entry_points.txt").read_text(encoding="utf-8")
    assert all(f"{name} = {value}" in points for name, value in re.findall(r'(\w+) = "(hierbatch_toys:\w+)"', page))


def test_the_files_the_page_names_exist():
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    named = set(
        re.findall(r"`((?:cli|jobs|stages|delivery|models|training|manifest|frontend)/[a-z_/]+(?:\.py|/))`", page)
    )
    missing = [name for name in named - {"jobs/reverse.py"} if not (ROOT / "hierbatch" / name).exists()]
    assert len(named) > 8
    assert not missing
