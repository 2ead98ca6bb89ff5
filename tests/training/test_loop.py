import json
import math
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from hierbatch.training.loop import LiteTrainer, LoopOptions, Losses, averaged_weights, schedule


class LineRecipe:
    """Fit y = 3 x - 1: small enough to know the answer."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.network = nn.Linear(1, 1)

    def losses(self, network: nn.Linear, rng: np.random.Generator) -> Losses:
        x = torch.from_numpy(rng.standard_normal((32, 1), np.float32))
        return {"squared": ((network(x) - (3 * x - 1)) ** 2).mean()}

    def validate(self, network: nn.Linear) -> dict[str, float]:
        return {"slope": float(network.weight.detach())}


def options(n_steps: int = 400, **changes: float) -> LoopOptions:
    return LoopOptions(n_steps=n_steps, learning_rate=0.05, average_decay=0.9, report_steps=50, **changes)  # type: ignore[arg-type]


def test_the_loss_falls_and_the_curve_records_it(tmp_path: Path) -> None:
    LiteTrainer(LineRecipe(), tmp_path, options(validate_steps=100), lambda _: None).run()
    weights = averaged_weights(tmp_path)
    assert abs(float(weights["weight"]) - 3) < 0.02
    assert abs(float(weights["bias"]) + 1) < 0.02
    lines = [json.loads(line) for line in (tmp_path / "curve.jsonl").read_text().splitlines()]
    trained = [line["squared"] for line in lines if line["kind"] == "train"]
    assert [line["step"] for line in lines if line["kind"] == "held_out"] == [100, 200, 300, 400]
    assert trained[-1] < trained[0] / 100


def test_a_stopped_run_continues_with_its_optimizer(tmp_path: Path) -> None:
    first = LiteTrainer(LineRecipe(), tmp_path, options(max_duration_s=0.0), lambda _: None)
    first.run()
    assert first.step == 0
    half = LiteTrainer(LineRecipe(), tmp_path, options(), lambda _: None)
    half.options = options(200)
    half.run()
    told: list[str] = []
    again = LiteTrainer(LineRecipe(), tmp_path, options(), told.append)
    assert again.step == 200
    assert "resuming from step 200" in told[0]
    assert again.optimizer.state_dict()["state"][0]["step"] == 200
    torch.testing.assert_close(again.network.weight, half.network.weight)


def test_a_resumed_run_equals_an_undisturbed_one_to_the_bit(tmp_path: Path) -> None:
    class WithDropout(LineRecipe):
        def __init__(self) -> None:
            torch.manual_seed(0)
            self.network = nn.Sequential(nn.Linear(1, 4), nn.Dropout(0.5), nn.Linear(4, 1))

        def validate(self, network: nn.Linear) -> dict[str, float]:
            return {"noise": float(torch.rand(()))}

    def trained(name: str, n_steps: int) -> dict[str, torch.Tensor]:
        trainer = LiteTrainer(WithDropout(), tmp_path / name, options(40), lambda _: None)
        trainer.options = replace(trainer.options, n_steps=40, max_duration_s=math.inf)
        honest = trainer._train_step

        def step(rng: np.random.Generator) -> dict[str, float]:
            if trainer.step == n_steps:
                raise KeyboardInterrupt
            return honest(rng)

        trainer._train_step = step  # type: ignore[method-assign]
        try:
            trainer.run()
        except KeyboardInterrupt:
            trainer._save()
        return {**trainer.network.state_dict(), **{f"average {n}": v for n, v in trainer.average.state_dict().items()}}

    whole = trained("whole", 40)
    trained("half", 17)
    torch.manual_seed(99)
    resumed = trained("half", 40)
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())


def test_a_broken_gradient_is_not_taken(tmp_path: Path) -> None:
    class Broken(LineRecipe):
        def losses(self, network: nn.Linear, rng: np.random.Generator) -> Losses:
            return {"squared": super().losses(network, rng)["squared"] * math.nan}

    trainer = LiteTrainer(Broken(), tmp_path, options(3), lambda _: None)
    before = trainer.network.weight.detach().clone()
    trainer.run()
    torch.testing.assert_close(trainer.network.weight.detach(), before)


def test_schedule_warms_up_then_falls_to_a_fiftieth() -> None:
    plan = options(1000)
    rates = [schedule(step, plan) for step in range(1001)]
    assert rates[0] == 1 / 60
    assert max(rates) == 1.0
    assert rates[60:] == sorted(rates[60:], reverse=True)
    assert abs(rates[-1] - 0.02) < 1e-6


def test_a_submodule_rests_until_its_first_step_and_then_warms_up(tmp_path: Path) -> None:
    class Pair(LineRecipe):
        first_steps: ClassVar[dict[str, int]] = {"1": 5}

        def __init__(self) -> None:
            super().__init__()
            self.network = nn.Sequential(nn.Linear(1, 2), nn.Linear(2, 1))

        def validate(self, network: nn.Sequential) -> dict[str, float]:
            return {}

    recipe = Pair()
    before = [layer.weight.detach().clone() for layer in recipe.network]
    trainer = LiteTrainer(recipe, tmp_path, options(20), lambda _: None)
    for step in range(5):
        trainer._train_step(np.random.default_rng(step))
    assert not torch.equal(recipe.network[0].weight, before[0])
    assert torch.equal(recipe.network[1].weight, before[1])
    trainer._train_step(np.random.default_rng(5))
    assert not torch.equal(recipe.network[1].weight, before[1])
    plan = options(1000)
    assert [schedule(step, plan, first_step=250) for step in (0, 249)] == [0.0, 0.0]
    assert schedule(250, plan, first_step=250) == pytest.approx(schedule(250, plan) / 60)
    assert schedule(400, plan, first_step=250) == schedule(400, plan)
    assert schedule(0, options(3), first_step=250) > 0
