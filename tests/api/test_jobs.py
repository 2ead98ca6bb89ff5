"""Jobs of the Python API: the options of the commands as keywords."""

import inspect
import subprocess
import sys

import pytest

import hierbatch
from hierbatch.errors import InputError
from hierbatch.option import group_parameters, option_groups
from tests.engine.planned_run import bundle_folder
from tests.jobs.made_corpora import corpus_job
from tests.making import manifest_file, prompt_file, recordings_file

JOBS = {
    "run": "run",
    "convert_files": "convert",
    "upsample_files": "upsample",
    "sing_files": "sing",
    "dub": "dub",
    "narrate": "narrate",
    "master_book": "book",
    "corpus": "corpus",
    "intake": "intake",
    "prepare": "prepare",
    "finetune": "finetune",
}


@pytest.fixture
def options(tmp_path):
    prompt_file(tmp_path)
    return {"out": str(tmp_path / "run"), "model": bundle_folder(tmp_path), "engine": "local"}


@pytest.mark.parametrize("name", JOBS)
def test_a_job_takes_the_options_of_its_command(name):
    from hierbatch.cli.app import app

    command = {entry.name: entry.callback for entry in app.registered_commands}[JOBS[name]]
    grouped = {
        parameter.name: parameter.default
        for group in option_groups(command.__wrapped__).values()
        for parameter in group_parameters(group)
    }
    found = inspect.signature(getattr(hierbatch, name)).parameters
    assert {option: found[option].default for option in grouped} == grouped
    assert all(f"{option}: " in getattr(hierbatch, name).__doc__ for option in grouped)


def test_a_run_takes_texts_as_paths_and_resumes(tmp_path, options):
    manifest, notices = manifest_file(tmp_path, 3), []
    outcome = hierbatch.run(str(manifest), voice=str(tmp_path / "anna.wav"), on_message=notices.append, **options)
    assert (outcome.counts.n_ok, outcome.session.n_worked) == (3, 3)
    assert any("Planning 3 rows" in notice for notice in notices)
    assert hierbatch.run(manifest, voice=tmp_path / "anna.wav", **options).session.n_worked == 0
    assert hierbatch.open_run(options["out"]).n_rows == 3


def test_recordings_are_converted_and_written_as_clips(tmp_path, options):
    manifest = recordings_file(tmp_path, ["anna.wav"])
    outcome = hierbatch.convert_files(manifest, voice=tmp_path / "anna.wav", clips=True, **options)
    assert outcome.counts.n_ok == 1
    assert (tmp_path / "run" / "export" / "clips" / "r0.flac").is_file()


def test_a_corpus_is_made_and_exported(tmp_path):
    job = corpus_job(tmp_path)
    options = {"model": job.model.model, "engine": "local", "measures": "none"}
    made = hierbatch.corpus(
        tmp_path / "texts.csv", out=str(job.out), voices=tmp_path / "voices.csv", hours=job.settings.hours, **options
    )
    assert sum(made.kept.values()) > 0
    exported = hierbatch.export(str(job.out), to="nemo", out=str(tmp_path / "nemo"))
    assert sum(exported.n_rows.values()) == sum(made.kept.values())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"voise": "a.wav"}, "run has no such option.*voise"),
        ({"speed": 3.0}, "--speed is out of range.*0.5"),
        ({"workers": -1}, "--workers is out of range"),
        ({"engine": "spark"}, "Unknown engine"),
        ({"dtype": "int8"}, "dtype is not known"),
        ({"measures": "beauty"}, "Unknown measure"),
        ({"lexicon": "s3://bucket/lexicon.csv"}, "not local"),
        ({"voices": "table.csv"}, "no table at table.csv"),
        ({"filter": "none.toml"}, "none.toml"),
    ],
)
def test_a_wrong_option_is_refused_before_any_work(tmp_path, options, wrong, words):
    manifest = manifest_file(tmp_path, 1)
    with pytest.raises(InputError, match=words):
        hierbatch.run(manifest, **({"voice": tmp_path / "anna.wav"} | options | wrong))
    assert not (tmp_path / "run").exists()


def test_a_missing_option_is_named(tmp_path):
    with pytest.raises(InputError, match="--hours or --rows"):
        hierbatch.corpus(tmp_path, out=tmp_path / "run", voices=tmp_path / "voices.csv")
    with pytest.raises(TypeError, match="voices"):
        hierbatch.corpus(tmp_path, out=tmp_path / "run", hours=1.0)


def test_importing_the_package_loads_no_library():
    script = "import sys, hierbatch; print(len({'numpy', 'torch', 'pyarrow', 'ray', 'typer'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


def test_every_public_name_exists():
    assert all(getattr(hierbatch, name) is not None for name in hierbatch.__all__)
    assert set(hierbatch.__all__) <= set(dir(hierbatch))
    with pytest.raises(AttributeError, match="no attribute 'speak'"):
        _ = hierbatch.speak
