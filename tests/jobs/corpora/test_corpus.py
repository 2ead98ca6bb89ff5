from collections import defaultdict

import pyarrow.parquet as pq
import pytest

from hierbatch.errors import InputError, ManifestError, RunError
from hierbatch.jobs.corpora.corpus import corpus
from tests.engine.fake_model import spoken
from tests.jobs.made_corpora import corpus_job


def rows_of(made):
    return pq.read_table(made.rows_file).to_pylist()


def test_a_corpus_has_its_hours_its_splits_and_its_deliveries_as_columns(tmp_path):
    made = corpus(corpus_job(tmp_path))
    rows = rows_of(made)
    assert sum(row["duration_s"] for row in rows) == pytest.approx(0.008 * 3600, rel=0.15)
    speakers = defaultdict(set)
    for row in rows:
        speakers[row["split"]].add(row["speaker"])
    assert {name: len(found) for name, found in speakers.items()} == {"train": 1, "dev": 1, "test": 1}
    assert len(set.union(*speakers.values())) == 3
    assert sum(made.kept.values()) == len(rows)
    assert made.kept_s["dev"] == pytest.approx(sum(r["duration_s"] for r in rows if r["split"] == "dev"))
    assert len({row["pitch_semitones"] for row in rows}) > 3
    assert all(row["seed"] is not None and row["text_ref"].startswith("texts:") for row in rows)


def test_the_same_call_repeats_no_row_and_other_rules_are_applied_again(tmp_path):
    job = corpus_job(tmp_path)
    first = corpus(job)
    n_spoken = len(spoken(tmp_path / "bundle"))
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nname = "of one speaker"\ncolumn = "speaker"\nnone_of = ["s1"]\n')
    made = corpus(corpus_job(tmp_path, filter=rules))
    assert len(spoken(tmp_path / "bundle")) - n_spoken <= 16  # the sentences that tell the model's pace
    rows = rows_of(made)
    assert len(rows) == sum(first.kept.values())
    assert {tuple(row["rejected_by"]) for row in rows if row["speaker"] == "s1"} == {("of one speaker",)}
    assert all(row["rejected_by"] == [] for row in rows if row["speaker"] != "s1")
    assert made.rejected == {"of one speaker": sum(row["speaker"] == "s1" for row in rows)}


def loud_from(peak_db):
    return f'[[rule]]\nname = "quiet"\ncolumn = "peak_db"\nmin = {peak_db}\n'


def test_only_rejected_rows_are_recomputed(tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text(loud_from(-10.0))  # the fake model is as loud as its seed has it: four seeds of seven pass
    first = corpus(corpus_job(tmp_path, filter=rules, max_retakes=0))
    passed = {row["id"]: row["take_key"] for row in rows_of(first) if not row["rejected_by"]}
    assert 0 < len(passed) < sum(first.kept.values()) + first.rejected["quiet"]
    made = corpus(corpus_job(tmp_path, filter=rules, max_retakes=20))
    rows = rows_of(made)
    assert made.rejected == {}
    assert all(row["peak_db"] >= -10.0 for row in rows)
    assert {row["id"]: row["take_key"] for row in rows if row["attempt"] == 1} == passed


def test_failures_independent_of_the_seed_are_not_recomputed(tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text(loud_from(-10.0) + '[[rule]]\nname = "not she"\ncolumn = "speaker"\nnone_of = ["s1"]\n')
    rows = rows_of(corpus(corpus_job(tmp_path, filter=rules, max_retakes=20)))
    assert {row["attempt"] for row in rows if row["speaker"] == "s1"} == {1}
    assert all(row["peak_db"] >= -10.0 for row in rows if row["speaker"] != "s1")


def test_another_corpus_is_not_written_over_the_first(tmp_path):
    made = corpus(corpus_job(tmp_path))
    before = (tmp_path / "run" / "corpus" / "manifest.parquet").read_bytes()
    with pytest.raises(RunError, match="another corpus"):
        corpus(corpus_job(tmp_path, seed=7))
    assert (tmp_path / "run" / "corpus" / "manifest.parquet").read_bytes() == before
    assert rows_of(made)
    assert rows_of(corpus(corpus_job(tmp_path, seed=7, update=True)))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"n_voices": 1, "speakers": 2}, "There are not 2 speakers"),
        ({"n_voices": 1}, "too few speakers for speaker-disjoint splits"),
        ({"language": "ko"}, "No voice speaks ko"),
        ({"hours": 0.0}, "out of range"),
        ({"hours": 100.0}, "are too few"),
        ({"duration_s": "14,15"}, "No sentence has the requested duration"),
    ],
)
def test_impossible_requests_are_reported_before_any_work(tmp_path, changes, fault):
    with pytest.raises(InputError, match=fault):
        corpus(corpus_job(tmp_path, **changes))
    assert not (tmp_path / "run" / "parts").exists()


def test_a_run_that_is_not_a_corpus_is_left_alone(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    with pytest.raises(RunError, match="not a corpus"):
        corpus(corpus_job(tmp_path))
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["run.json"]


def test_an_empty_voices_table_is_reported(tmp_path):
    job = corpus_job(tmp_path)
    (tmp_path / "voices.csv").write_text("voice,audio,language\n")
    with pytest.raises(ManifestError, match="the table has no rows"):
        corpus(job)
