from hierbatch.engine.session import Execution
from hierbatch.manifest.corpus_rows import CORPUS_MANIFEST
from hierbatch.manifest.filters import read_filter
from hierbatch.manifest.schema import plan_schema, take_schema
from tests.changing import change
from tests.jobs.corpora import corpus_job
from tests.loading import load_script


def test_the_ready_job_makes_and_exports_a_corpus_and_refuses_to_write_over_it(tmp_path, capsys):
    pipeline = load_script("pipelines/make_corpus.py")
    assert pipeline.main(corpus_job(tmp_path), ("webdataset",)) == 0
    exported = tmp_path / "run-webdataset"
    assert f"{exported}: " in capsys.readouterr().out
    assert sorted(path.name for path in exported.glob("*.tar")) == [
        f"{split}-000000.tar" for split in ("dev", "test", "train")
    ]
    assert pipeline.main(corpus_job(tmp_path), ("webdataset",)) == 2
    assert "already exists" in capsys.readouterr().err


def test_the_ready_job_reads_files_that_are_there(tmp_path):
    job = load_script("pipelines/make_corpus.py").JOB
    assert all(path.is_file() for path in (*job.texts, job.voices.table))
    assert read_filter(job.filter_file, take_schema(plan_schema(CORPUS_MANIFEST)))
    assert change(job, execution=Execution(engine="local")).hours > 0
