"""A training whose process is killed, and which the same command resumes."""

import multiprocessing
import os
import signal
from dataclasses import replace

import pytest
import torch

from hierbatch.jobs.training.train_network import TrainNetworkJob, train_network
from hierbatch.toml_config import to_toml
from hierbatch.training.trainer.checkpoints import CheckpointFolder, read_tensors
from hierbatch.training.trainer.trainer import Trainer
from tests.training.hierspeechpp.made_speech import MadeSpeech
from tests.training.hierspeechpp.prepared_files import write_prepared
from tests.training.hierspeechpp.tiny import synthesizer_network, synthesizer_training

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

N_STEPS, SAVED_STEP, KILLED_STEP = 20, 10, 13


def train_until_killed(job: TrainNetworkJob) -> None:
    """Train in this process, which kills itself."""
    step = Trainer._train_step

    def killed(trainer: Trainer) -> object:
        if trainer.step == KILLED_STEP:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(trainer)

    Trainer._train_step = killed  # type: ignore[method-assign,assignment]
    train_network(job, lambda _: None)


def test_a_killed_training_equals_an_undisturbed_one_to_the_bit(tmp_path):
    config = synthesizer_training(network=synthesizer_network(semantic_channels=64), n_steps=N_STEPS, batch_rows=2)
    run = replace(config.run, save_steps=SAVED_STEP, report_steps=N_STEPS, validate_steps=N_STEPS)
    (tmp_path / "config.toml").write_text(to_toml(replace(config, run=run)))
    data = write_prepared(tmp_path / "prepared", MadeSpeech(channels=64))
    job = TrainNetworkJob(
        recipe="synthesizer", data=data, out=tmp_path / "killed", config=str(tmp_path / "config.toml")
    )
    process = multiprocessing.get_context("spawn").Process(target=train_until_killed, args=(job,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert CheckpointFolder(job.out).steps() == [SAVED_STEP]
    train_network(job, lambda _: None)
    undisturbed = replace(job, out=tmp_path / "undisturbed")
    train_network(undisturbed, lambda _: None)
    for name in ("generator", "generator.average", "discriminators"):
        resumed, wanted = (read_tensors(CheckpointFolder(one.out).path(N_STEPS), name) for one in (job, undisturbed))
        assert resumed.keys() == wanted.keys()
        assert all(torch.equal(resumed[key], wanted[key]) for key in wanted), name
