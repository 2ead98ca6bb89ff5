from tests.engine.planned_run import bundle_folder
from tests.loading import load_script
from tests.making import prompt_file, recordings_file


def options(tmp_path):
    return {"model": bundle_folder(tmp_path), "out": tmp_path / "run", "engine": "local"}


def test_the_ready_job_converts_the_examples_and_says_where_they_are(tmp_path, capsys):
    pipeline, changes = load_script("pipelines/convert_recordings.py"), options(tmp_path)
    assert pipeline.main(**changes) == 0
    clips = sorted((tmp_path / "run" / "export" / "clips").iterdir())
    assert [clip.stem for clip in clips] == ["clear-as-low", "low-as-clear", "seoul-as-narrator-lower"]
    assert f"{clips[0].parent}: 3 recordings, 0 failed" in capsys.readouterr().out
    before = [clip.stat().st_mtime_ns for clip in clips]
    assert pipeline.main(**changes) == 0
    assert [clip.stat().st_mtime_ns for clip in clips] == before


def test_a_mistake_ends_in_words_and_a_failed_row_in_another_code(tmp_path, capsys):
    pipeline, changes = load_script("pipelines/convert_recordings.py"), options(tmp_path)
    recordings = [prompt_file(tmp_path).name, "none.wav"]
    lost = recordings_file(tmp_path, recordings, voice=["low", "low"])
    assert pipeline.main(**changes, manifest=lost) == 3
    assert pipeline.main(**changes, manifest=tmp_path / "none.csv") == 2
    assert "none.csv" in capsys.readouterr().err
