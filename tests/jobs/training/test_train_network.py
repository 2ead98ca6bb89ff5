"""Training by configuration: run folders, start weights, export, and models of what is exported."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from hierbatch.audio.waveform import Waveform
from hierbatch.cli.app import app
from hierbatch.errors import BundleError, InputError
from hierbatch.jobs.training.train_network import TrainNetworkJob, make_network_recipe, train_network
from hierbatch.jobs.weights.export_training import ExportTraining, export_training
from hierbatch.models.catalog.open_model import open_model
from hierbatch.models.hierspeechpp.networks import load_synthesizer
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from hierbatch.models.hierspeechpp.synthesizer.weights import load_synthesizer as load_published
from hierbatch.models.speech import SpeechRequest
from hierbatch.models.weights.bundle import find_bundle
from hierbatch.models.weights.weight_norm import fold_weight_norm
from hierbatch.toml_config import to_toml
from hierbatch.training.hierspeechpp.catalog import RecipeInputs, find_recipe
from hierbatch.training.hierspeechpp.synthesizer_config import SynthesizerTraining
from hierbatch.training.trainer import curves
from hierbatch.training.trainer.checkpoints import CheckpointFolder, read_tensors
from tests.training.hierspeechpp.made_speech import MadeSpeech
from tests.training.hierspeechpp.prepared_files import write_prepared, write_recordings
from tests.training.hierspeechpp.tiny import (
    synthesizer_network,
    synthesizer_training,
    text_to_vector_network,
    text_to_vector_training,
)

NETWORK = synthesizer_network(semantic_channels=64)
AT_24K = synthesizer_network(
    semantic_channels=64, n_bins=961, waveform_rates=(4, 5, 4, 3, 2), waveform_kernels=(8, 11, 8, 7, 4),
    analysis_rates=(8, 5, 4, 3), analysis_kernels=(17, 10, 8, 7),
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _no_pictures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curves, "draw_curves", lambda _lines, target: target.write_bytes(b""))
        yield


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return write_prepared(tmp_path_factory.mktemp("prepared"), MadeSpeech(channels=64))


def job_of(folder, name, data, config, recipe="synthesizer", **others):
    path = folder / f"{name}.toml"
    path.write_text(to_toml(config))
    return TrainNetworkJob(recipe=recipe, data=data, out=folder / name, config=str(path), **others)


@pytest.fixture(scope="module")
def trained(prepared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    job = job_of(folder, "run", prepared, synthesizer_training(network=NETWORK, n_steps=2))
    lines = []
    train_network(job, lines.append)
    return job, lines


def output_of(network, seed=3):
    random = torch.Generator().manual_seed(seed)
    inputs = [torch.randn(1, channels, length, generator=random) for channels, length in ((64, 9), (1, 36), (16, 9))]
    semantic, log_f0, noise = inputs
    style = torch.randn(1, 16, generator=random)
    with torch.inference_mode():
        return network.eval()(semantic, log_f0.abs() * 4, torch.tensor([9]), style, noise).sound


def averaged(job):
    weights = read_tensors(CheckpointFolder(job.out).latest(), "generator.average")
    network = Synthesizer(NETWORK)
    network.load_state_dict(fold_weight_norm(weights))
    return network


def test_a_run_folder_has_what_made_it(trained):
    job, lines = trained
    assert json.loads((job.out / "run.json").read_text())["recipe"] == "synthesizer"
    assert "slice_frames = 6" in (job.out / "config.toml").read_text()
    assert CheckpointFolder(job.out).steps() == [2]
    assert any("validation" in line for line in lines)


def test_the_same_command_resumes(trained, tmp_path):
    job, _ = trained
    lines = []
    train_network(job, lines.append)
    assert lines[-1] == "synthesizer: resuming from step 2"
    with pytest.raises(InputError, match="other settings"):
        train_network(replace(job, config="synthesizer_tiny"), lines.append)
    assert "slice_frames = 6" in (job.out / "config.toml").read_text(), "a refused training changes nothing"


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_an_exported_checkpoint_sounds_like_the_training(trained, tmp_path, suffix):
    job, _ = trained
    path = tmp_path / f"G{suffix}"
    assert export_training(ExportTraining(run=job.out, target="published", out=path)) == 2
    difference = output_of(load_published(path, NETWORK)) - output_of(averaged(job))
    assert float(difference.abs().max()) < 2e-5


def test_an_exported_bundle_sounds_like_the_training(trained, tmp_path):
    job, _ = trained
    export_training(ExportTraining(run=job.out, target="bundle", out=tmp_path / "mine", license="MIT"))
    bundle = find_bundle(tmp_path / "mine")
    assert bundle.config["synthesizer"]["channels"] == 16
    assert bundle.licenses == ("MIT",)
    assert torch.equal(output_of(load_synthesizer(bundle)), output_of(averaged(job)))


@pytest.mark.parametrize("source", ["run", "published", "bundle"])
def test_a_training_starts_from_another(trained, prepared, tmp_path, source):
    job, _ = trained
    start = tmp_path / {"run": "", "published": "G.pth", "bundle": "mine"}[source]
    if source == "run":
        start = job.out
    else:
        export_training(ExportTraining(run=job.out, target=source, out=start))
    lines = []
    begun = job_of(tmp_path, "next", prepared, synthesizer_training(network=NETWORK, n_steps=2), start=str(start))
    train_network(replace(begun, max_duration_s=0.0), lines.append)
    n_tensors = len(read_tensors(CheckpointFolder(begun.out).latest(), "generator"))
    assert f"{n_tensors} of {n_tensors} tensors start as the generator of {start}" in lines
    current = Synthesizer(NETWORK)
    current.load_state_dict(fold_weight_norm(read_tensors(CheckpointFolder(begun.out).latest(), "generator")))
    torch.testing.assert_close(output_of(current), output_of(averaged(job)), rtol=0, atol=2e-5)


def test_part_of_the_start_weights_is_taken(trained, prepared, tmp_path):
    job, _ = trained
    lines = []
    begun = job_of(
        tmp_path, "part", prepared, synthesizer_training(network=NETWORK, n_steps=2), start=str(job.out),
        start_only=(r"(prior|style)\..*",), max_duration_s=0.0,
    )  # fmt: skip
    train_network(begun, lines.append)
    wanted, found = (read_tensors(CheckpointFolder(run).latest(), "generator") for run in (job.out, begun.out))
    average = read_tensors(CheckpointFolder(job.out).latest(), "generator.average")
    assert all(torch.equal(found[name], average[name]) for name in found if name.startswith(("prior.", "style.")))
    assert not all(torch.equal(found[name], wanted[name]) for name in found if name.startswith("waveform."))


def test_start_weights_that_fit_nothing_are_refused(trained, prepared, tmp_path):
    torch.save({"some.weight": torch.zeros(2)}, tmp_path / "other.pth")
    begun = job_of(tmp_path, "bad", prepared, synthesizer_training(network=NETWORK), start=str(tmp_path / "other.pth"))
    with pytest.raises(BundleError, match="No weight fits"):
        train_network(begun, lambda _: None)


def test_features_of_another_size_are_refused(prepared, tmp_path):
    with pytest.raises(InputError, match=r"1024 channels.*64 channels"):
        train_network(job_of(tmp_path, "wide", prepared, SynthesizerTraining()), lambda _: None)


def test_a_pattern_that_cannot_be_read_is_refused_before_any_work(tmp_path):
    job = TrainNetworkJob(recipe="ttv", config="ttv_tiny", data=tmp_path, out=tmp_path / "out", start_only=("(",))
    with pytest.raises(InputError, match="--start-only"):
        train_network(job, lambda _: None)


@pytest.mark.parametrize("error", [RuntimeError("invalid size -1"), ZeroDivisionError(), ValueError("no heads")])
def test_numbers_that_make_no_network_end_in_a_message(tmp_path, error):
    def make(config, inputs):
        raise error

    kind = replace(find_recipe("ttv"), make=make)
    with pytest.raises(InputError, match="cannot be made"):
        make_network_recipe(kind, None, RecipeInputs(data=tmp_path, recordings=None, device="cpu", preset="all"))


def test_a_trained_system_reads_korean_and_english_at_24_khz(prepared, tmp_path):
    vowels = text_to_vector_network(semantic_channels=64, n_symbols=90, n_languages=2)
    speech = text_to_vector_training(network=vowels, vocabulary="phonemes", languages=("en", "ko"), n_steps=2)
    sounds = synthesizer_training(
        network=AT_24K, rate_hz=24_000, n_steps=2, mel_resolutions=((1024, 240, 40),),
        data=replace(synthesizer_training().data, batch_rows=2),
    )  # fmt: skip
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    write_recordings(recordings / "all.parquet", MadeSpeech(channels=64))
    data = write_prepared(tmp_path / "prepared", MadeSpeech(channels=64))
    first = job_of(tmp_path, "synthesizer", data, sounds, recordings=recordings)
    second = job_of(tmp_path, "ttv", data, speech, recipe="ttv")
    for job in (first, second):
        train_network(job, lambda _: None)
    export_training(ExportTraining(run=first.out, target="bundle", out=tmp_path / "sounds", license="MIT"))
    whole = ExportTraining(
        run=second.out, target="bundle", out=tmp_path / "whole", base=str(tmp_path / "sounds"), license="MIT"
    )
    export_training(whole)
    model = open_model(tmp_path / "whole")
    assert model.languages == ("en", "ko")
    assert model.rate_hz == 24_000
    prompt = Waveform(np.sin(np.arange(48_000) / 20).astype(np.float32) * 0.3, 16_000)
    voice = model.encode_voice(prompt)
    for language, phonemes in (("en", "h ə l ˈoʊ ."), ("ko", "a n n j ʌ ŋ .")):
        (spoken,) = model.speak([SpeechRequest(phonemes=phonemes, language=language, voice=voice, seed=1)])
        assert spoken.waveform.rate_hz == 24_000
        assert np.isfinite(spoken.waveform.samples).all()
        assert spoken.waveform.n_samples == 480 * (spoken.lead_frames + sum(spoken.token_frames))
    with pytest.raises(InputError, match="no published form"):
        export_training(replace(whole, target="published", out=tmp_path / "ttv.pth"))


def test_commands_explain_their_faults(tmp_path, prepared):
    run = CliRunner().invoke
    shown = run(app, ["train", "configs", "ttv"])
    assert shown.exit_code == 0
    assert "n_steps = 950000" in shown.output
    for arguments, message in (
        (["train", "ttv", "--config", "nothing"], "no such training configuration"),
        (["train", "synthesizer", "--config", "synthesizer_tiny", "--preset", "voice"], "preset is unknown"),
        (["train", "export", str(tmp_path), "--to", "bundle", "--out", str(tmp_path / "x")], "no training in this"),
        (["train", "synthesizer", "--config", "synthesizer_tiny", "--precision", "fp8"], "precision is unknown"),
    ):
        result = run(app, [*arguments, "--data", str(prepared)] if arguments[1] != "export" else arguments)
        assert isinstance(result.exception, InputError), result.output
        assert message in str(result.exception)
