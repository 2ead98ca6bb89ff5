from typer.testing import CliRunner

from hierbatch.cli.app import app
from hierbatch.engine.execution import Execution
from hierbatch.jobs.options.delivery import Delivery
from tests.engine.planned_run import bundle_folder
from tests.making import prompt_file


def test_a_book_in_one_command_ends_with_where_it_is_and_how_it_went(tmp_path):
    (tmp_path / "lamp.md").write_text("# One\n\nThe lamp was lit.\n", encoding="utf-8")
    options = f"--voice {prompt_file(tmp_path)} --out {tmp_path / 'out'} --engine local --to flac,srt --profile ebu"
    model = f"--model {bundle_folder(tmp_path)}"
    result = CliRunner().invoke(app, ["narrate", str(tmp_path / "lamp.md"), *options.split(), *model.split()])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    lines = result.output.splitlines()
    assert any(line.startswith(f"{tmp_path / 'out' / 'book'}: 0:0") and "0 rows failed" in line for line in lines)
    assert any("x real time" in line for line in lines)
    made = sorted(path.suffix for path in (tmp_path / "out" / "book").rglob("*") if path.is_file())
    assert made == [".flac", ".srt"]


def test_a_book_goes_to_the_cluster_and_the_share_of_a_gpu_that_are_named(tmp_path, monkeypatch):
    class AskedError(Exception):
        pass

    def narrate(job, *_, **__):
        raise AskedError(job.execution)

    monkeypatch.setattr("hierbatch.jobs.books.narrate.narrate", narrate)
    options = "--ray-address 10.0.0.1:6379 --gpus-per-worker 0.5 --workers 3"
    result = CliRunner().invoke(app, ["narrate", "a.md", "--out", str(tmp_path), *options.split()])
    assert isinstance(result.exception, AskedError), result.output
    assert result.exception.args == (Execution(workers=3, gpus_per_worker=0.5, ray_address="10.0.0.1:6379"),)


def test_formats_and_subtitles_are_distinguished():
    delivery = Delivery(to="m4b, MP3,srt,")
    assert (delivery.formats, delivery.subtitles) == (("m4b", "mp3"), ("srt",))


def test_a_profile_for_all_or_one_a_format():
    one, several = Delivery(profile="acx"), Delivery(profile="m4b=podcast,mp3=acx")
    assert (one.default_profile, one.profile_by_format) == ("acx", {})
    assert (several.default_profile, several.profile_by_format) == ("podcast", {"m4b": "podcast", "mp3": "acx"})
