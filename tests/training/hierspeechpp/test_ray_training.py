"""Training in two processes on Ray."""

from dataclasses import replace

import pytest
import torch

from hierbatch.errors import InputError
from hierbatch.jobs.training.train_network import TrainNetworkJob, run_process, train_network
from hierbatch.toml_config import to_toml
from hierbatch.training.hierspeechpp.settings import AdamWSettings
from hierbatch.training.ray_training import train_in_workers
from hierbatch.training.trainer.checkpoints import CheckpointFolder, read_tensors
from hierbatch.training.trainer.curves import read_curve
from tests.training.hierspeechpp.dying import dying
from tests.training.hierspeechpp.made_speech import MadeSpeech
from tests.training.hierspeechpp.prepared_files import write_prepared
from tests.training.hierspeechpp.tiny import synthesizer_network, synthesizer_training

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

N_STEPS = 4


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ray")
    config = synthesizer_training(
        network=synthesizer_network(semantic_channels=64, dropout=0.0), n_steps=N_STEPS,
        optimizer=AdamWSettings(learning_rate=1e-4, learning_rate_decay=1.0),
    )  # fmt: skip
    config = replace(config, run=replace(config.run, save_steps=2, report_steps=1, validate_steps=N_STEPS))
    (folder / "config.toml").write_text(to_toml(config))
    data = write_prepared(folder / "prepared", MadeSpeech(channels=64))
    return TrainNetworkJob(recipe="synthesizer", data=data, out=folder, config=str(folder / "config.toml"))


def weights_of(run, name="generator"):
    return read_tensors(CheckpointFolder(run).latest(), name)


def test_two_processes_train_like_one_and_survive_a_death(job):
    one, two, killed = (replace(job, out=job.out / name) for name in ("one", "two", "killed"))
    run_process(one, lambda _: None)
    lines = []
    train_in_workers(run_process, two, 2, two.out, lines.append, uses_gpu=False)
    train_in_workers(dying, killed, 2, killed.out, lambda _: None, uses_gpu=False)
    assert (
        sum(f"  {step}/{N_STEPS}  discriminators" in line for line in lines for step in range(1, N_STEPS + 1))
        == N_STEPS
    )
    assert (killed.out / "killed").exists()
    for line, other in zip(read_curve(one.out), read_curve(two.out), strict=True):
        for name, value in line.items():
            if name not in ("kind", "seconds"):
                assert other[name] == pytest.approx(value, rel=2e-4, abs=1e-5), name
    for name in ("generator", "discriminators"):
        alone, together, resumed = (weights_of(run.out, name) for run in (one, two, killed))
        # The keys' biases do not affect attention: their gradients are rounding errors, of any sign.
        compared = [key for key in alone if not key.endswith(("key.bias", "qkv.bias"))]
        assert max(float((alone[key] - together[key]).abs().max()) for key in compared) < 1e-5
        assert all(torch.equal(together[key], resumed[key]) for key in together)


def test_an_error_in_a_process_is_the_users_error(job, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match="no prepared speech"):
        train_network(replace(job, out=tmp_path / "run", data=empty, n_workers=2), lambda _: None)
