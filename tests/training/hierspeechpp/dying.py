"""A training in which a process dies; processes of Ray import it."""

import os
from pathlib import Path

from hierbatch.jobs.training.train_network import run_process
from hierbatch.training.trainer.trainer import Trainer
from hierbatch.training.trainer.world import World


def dying(job, log):
    """Train, but kill the second process at step 3, once."""
    marker, step = Path(job.out) / "killed", Trainer._train_step

    def killed(trainer):
        if trainer.step == 3 and World.current().rank == 1 and not marker.exists():
            marker.touch()
            os._exit(1)
        return step(trainer)

    Trainer._train_step = killed
    run_process(job, log)
