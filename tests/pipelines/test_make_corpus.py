from hierbatch.manifest.columns.schema import plan_schema, take_schema
from hierbatch.manifest.corpora.corpus_rows import CORPUS_MANIFEST
from hierbatch.manifest.takes.filters import read_filter
from tests.jobs.made_corpora import corpus_job
from tests.loading import load_script


def test_the_ready_job_makes_and_exports_a_corpus_and_refuses_to_write_over_it(tmp_path, capsys):
    pipeline, job = load_script("pipelines/make_corpus.py"), corpus_job(tmp_path)
    changes = {
        "texts": job.texts,
        "out": job.out,
        "hours": job.settings.hours,
        "voices": job.voices.voices,
        "model": job.model.model,
        "measures": "none",
        "filter": None,
        "engine": "local",
    }
    assert pipeline.main(("webdataset",), **changes) == 0
    exported = tmp_path / "run-webdataset"
    assert f"{exported}: " in capsys.readouterr().out
    assert sorted(path.name for path in exported.glob("*.tar")) == [
        f"{split}-000000.tar" for split in ("dev", "test", "train")
    ]
    assert pipeline.main(("webdataset",), **changes) == 2
    assert "already exists" in capsys.readouterr().err


def test_the_ready_job_reads_files_that_are_there():
    options = load_script("pipelines/make_corpus.py").OPTIONS
    assert options["texts"].is_file()
    assert options["voices"].is_file()
    assert read_filter(options["filter"], take_schema(plan_schema(CORPUS_MANIFEST)))
