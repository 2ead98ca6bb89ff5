import json
import math
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from hierbatch.training.phase_recipe import Losses, OneNetworkRecipe, PhaseSchedule, averaged_weights
from hierbatch.training.trainer.trainer import Trainer, TrainerOptions


class LineRecipe:
    """Fit y = 3 x - 1."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.network = nn.Linear(1, 1)

    def losses(self, network: nn.Linear, rng: np.random.Generator) -> Losses:
        x = torch.from_numpy(rng.standard_normal((32, 1), np.float32))
        return {"squared": ((network(x) - (3 * x - 1)) ** 2).mean()}

    def validate(self, network: nn.Linear) -> dict[str, float]:
        return {"slope": float(network.weight.detach())}


class PairRecipe(LineRecipe):
    """Two layers, of which the second is trained from step 5, at four times the learning rate."""

    first_steps: ClassVar[dict[str, int]] = {"1": 5}
    learning_rate_factors: ClassVar[dict[str, float]] = {"1": 4.0}

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Sequential(nn.Linear(1, 2), nn.Linear(2, 1))

    def validate(self, network: nn.Sequential) -> dict[str, float]:
        return {}


class DropoutRecipe(PairRecipe):
    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Sequential(nn.Linear(1, 4), nn.Linear(4, 4), nn.Dropout(0.5), nn.Linear(4, 1))

    def validate(self, network: nn.Sequential) -> dict[str, float]:
        return {"random": float(torch.rand(()))}


def trainer_of(recipe, run, n_steps=40, *, until=None, **intervals):
    schedule = PhaseSchedule(n_steps=n_steps, learning_rate=0.05)
    options = TrainerOptions(n_steps=until or n_steps, average_decay=0.9, report_steps=50, **intervals)
    return Trainer(OneNetworkRecipe("line", recipe, schedule), run, options)


def test_a_phase_learns_with_the_trainer_and_records_its_curve(tmp_path):
    trainer_of(LineRecipe(), tmp_path, 400, validate_steps=100).train()
    weights = averaged_weights(tmp_path)
    assert abs(float(weights["weight"]) - 3) < 0.02
    assert abs(float(weights["bias"]) + 1) < 0.02
    lines = [json.loads(line) for line in (tmp_path / "curve.jsonl").read_text().splitlines()]
    trained = [line["squared"] for line in lines if line["kind"] == "train"]
    assert [line["step"] for line in lines if line["kind"] == "validation"] == [100, 200, 300, 400]
    assert trained[-1] < trained[0] / 100


def test_a_resumed_phase_equals_an_undisturbed_one_to_the_bit(tmp_path):
    def networks_of_run(trainer):
        return {**trainer.recipe.networks["model"].state_dict(), **averaged_weights(trainer.run_folder)}

    whole = trainer_of(DropoutRecipe(), tmp_path / "whole", validate_steps=10)
    whole.train()
    trainer_of(DropoutRecipe(), tmp_path / "half", until=17, validate_steps=10).train()
    torch.manual_seed(99)
    resumed = trainer_of(DropoutRecipe(), tmp_path / "half", validate_steps=10)
    assert resumed.step == 17
    resumed.train()
    expected, found = networks_of_run(whole), networks_of_run(resumed)
    assert all(torch.equal(value, found[name]) for name, value in expected.items())


def test_a_gradient_that_is_not_finite_changes_no_weight(tmp_path):
    class BrokenRecipe(LineRecipe):
        def losses(self, network: nn.Linear, rng: np.random.Generator) -> Losses:
            return {"squared": super().losses(network, rng)["squared"] * math.nan}

    trainer = trainer_of(BrokenRecipe(), tmp_path, 3)
    before = trainer.recipe.networks["model"].weight.detach().clone()
    trainer.train()
    assert torch.equal(trainer.recipe.networks["model"].weight.detach(), before)


def test_the_schedule_warms_up_then_falls_to_a_fiftieth():
    schedule = PhaseSchedule(n_steps=1000)
    factors = [schedule.factor(step) for step in range(1001)]
    assert factors[0] == 1 / 60
    assert max(factors) == 1.0
    assert factors[60:] == sorted(factors[60:], reverse=True)
    assert abs(factors[-1] - 0.02) < 1e-6


def test_a_submodule_rests_until_its_first_step_and_then_warms_up(tmp_path):
    recipe = PairRecipe()
    before = [layer.weight.detach().clone() for layer in recipe.network]
    trainer_of(recipe, tmp_path, 40, until=5).train()
    assert not torch.equal(recipe.network[0].weight, before[0])
    assert torch.equal(recipe.network[1].weight, before[1])
    trainer = trainer_of(recipe, tmp_path, 40, until=6)
    trainer.train()
    assert not torch.equal(recipe.network[1].weight, before[1])
    rates = [group["lr"] for group in trainer.optimizers["model"].param_groups]
    schedule = PhaseSchedule(n_steps=40, learning_rate=0.05)
    assert rates[0] == pytest.approx(0.05 * schedule.factor(5))
    assert rates[1] == pytest.approx(4 * 0.05 * schedule.factor(5) * schedule.warm_up(0) / schedule.warm_up(5))


def test_fixed_weights_stay_fixed(tmp_path):
    recipe = PairRecipe()
    recipe.network[0].requires_grad_(False)
    before = recipe.network[0].weight.detach().clone()
    trainer_of(recipe, tmp_path).train()
    assert torch.equal(recipe.network[0].weight, before)
