from hierbatch.engine.execution import Execution
from tests.changing import change
from tests.engine.planned_run import bundle_folder
from tests.loading import load_script
from tests.making import prompt_file, recordings_file


def test_the_ready_job_converts_the_examples_and_says_where_they_are(tmp_path, capsys):
    pipeline = load_script("pipelines/convert_recordings.py")
    order = change(pipeline.JOB.spec, bundle=str(bundle_folder(tmp_path)))
    job = change(pipeline.JOB, spec=order, out=tmp_path / "run", execution=Execution(engine="local"))
    assert pipeline.main(job) == 0
    clips = sorted((tmp_path / "run" / "export" / "clips").iterdir())
    assert [clip.stem for clip in clips] == ["clear-as-low", "low-as-clear", "seoul-as-narrator-lower"]
    assert capsys.readouterr().out.startswith(f"{clips[0].parent}: 3 recordings, 0 failed")
    before = [clip.stat().st_mtime_ns for clip in clips]
    assert pipeline.main(job) == 0
    assert [clip.stat().st_mtime_ns for clip in clips] == before


def test_a_mistake_ends_in_words_and_a_failed_row_in_another_code(tmp_path, capsys):
    pipeline = load_script("pipelines/convert_recordings.py")
    order = change(pipeline.JOB.spec, bundle=str(bundle_folder(tmp_path)))
    job = change(pipeline.JOB, spec=order, out=tmp_path / "run", execution=Execution(engine="local"))
    recordings = [prompt_file(tmp_path).name, "none.wav"]
    lost = change(order, manifest=recordings_file(tmp_path, recordings, voice=["low", "low"]))
    assert pipeline.main(change(job, spec=lost)) == 3
    assert pipeline.main(change(job, spec=change(order, manifest=tmp_path / "none.csv"))) == 2
    assert "none.csv" in capsys.readouterr().err
