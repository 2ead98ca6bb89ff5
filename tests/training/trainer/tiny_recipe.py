"""A recipe of two small networks, an adversarial loss and dropout, whose steps take a millisecond."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from hierbatch.training.trainer.random_state import row_generator
from hierbatch.training.trainer.recipe import OptimizerSettings, Sample

BATCH_ROWS = 8


@dataclass
class Rows:
    x: torch.Tensor
    n_values: torch.Tensor


class TinyRecipe:
    """A generator that fits sines of rows of unequal lengths, against a discriminator."""

    name, averaged, criterion = "tiny", ("generator",), "error"

    def __init__(self, *, dropout=0.1, frozen=(), width=6):
        torch.manual_seed(0)
        self.networks = {
            "generator": nn.Sequential(nn.Linear(1, width), nn.Tanh(), nn.Dropout(dropout), nn.Linear(width, 1)),
            "discriminator": nn.Sequential(nn.Linear(1, width), nn.Tanh(), nn.Linear(width, 1)),
        }
        self.identity = {"width": width, "sizes": (width, 1)}
        self.optimizers = (
            OptimizerSettings(name="discriminator", networks=("discriminator",), learning_rate=0.01, frozen=frozen),
            OptimizerSettings(name="generator", networks=("generator",), learning_rate=0.02, frozen=frozen),
        )
        self.broken_steps = ()
        self.seen = []

    def learning_rate_factor(self, step):
        return 0.99**step

    def batch(self, step, index, n_batches):
        generators = [row_generator(7, step, row) for row in range(BATCH_ROWS)]
        lengths = [int(generator.integers(1, 9)) for generator in generators]
        own = range(index, BATCH_ROWS, n_batches)
        self.seen.append((step, tuple(own)))
        x = np.zeros((len(own), 8), np.float32)
        for place, row in enumerate(own):
            x[place, : lengths[row]] = generators[row].uniform(-2, 2, lengths[row])
        self.step = step
        return Rows(torch.from_numpy(x), torch.tensor(float(sum(lengths))))

    def losses(self, optimizer, batch):
        x = batch.x[..., None]
        y = self.networks["generator"](x)
        judge = self.networks["discriminator"]
        valid = (x != 0).float()
        if optimizer == "discriminator":
            real, fake = judge(torch.sin(x)), judge(y.detach())
            return {"discriminator": (((1 - real) ** 2 + fake**2) * valid).sum() / batch.n_values}
        error = ((y - torch.sin(x)) ** 2 * valid).sum() / batch.n_values
        if self.step in self.broken_steps:
            error = error * np.nan
        return {"error": error, "adversarial": 0.01 * ((1 - judge(y)) ** 2 * valid).sum() / batch.n_values}

    def validate(self, networks):
        x = torch.linspace(-2, 2, 32)[:, None]
        return {"error": float(((networks["generator"](x) - torch.sin(x)) ** 2).mean())}

    def samples(self, networks):
        mel = np.arange(12, dtype=np.float32).reshape(3, 4)
        return [Sample(name="sine", samples=np.zeros(800, np.float32), rate_hz=16000, mel=mel)]
