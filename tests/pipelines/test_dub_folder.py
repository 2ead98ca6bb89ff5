from tests.engine.planned_run import bundle_folder
from tests.loading import load_script


def test_the_ready_job_dubs_the_examples_and_reports_their_lengths(tmp_path, capsys):
    pipeline = load_script("pipelines/dub_folder.py")
    changes = {"out": tmp_path / "out", "model": bundle_folder(tmp_path), "engine": "local"}
    assert pipeline.main(**changes) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [f"{name}.flac: narrator, length error 0" for name in ("clear", "low", "narrator", "seoul")]
    assert pipeline.main(**changes, folder=tmp_path / "none") == 2
