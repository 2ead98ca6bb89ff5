import json
import math
import random
import shutil

import numpy as np
import pytest
import torch

from hierbatch.errors import InputError
from hierbatch.training.trainer.checkpoints import CheckpointFolder, read_state, read_tensors
from hierbatch.training.trainer.curves import Curves, duration_text, read_curve
from hierbatch.training.trainer.trainer import Trainer, TrainerOptions
from tests.training.trainer.tiny_recipe import TinyRecipe


def options(n_steps=20, **changes):
    intervals = {"report_steps": 5, "validate_steps": 10, "save_steps": 10, "average_decay": 0.9}
    return TrainerOptions(n_steps=n_steps, **(intervals | changes))


def trained(folder, recipe=None, **changes):
    trainer = Trainer(recipe or TinyRecipe(), folder, options(**changes))
    trainer.train()
    return trainer


def weights(trainer):
    networks = {**trainer.recipe.networks, **{f"{n} average": m for n, m in trainer.average.networks.items()}}
    return {f"{n}.{key}": value for n, module in networks.items() for key, value in module.state_dict().items()}


def assert_bits_are_equal(first, second):
    assert first.keys() == second.keys()
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_a_resumed_run_equals_an_undisturbed_one_to_the_bit(tmp_path):
    whole = trained(tmp_path / "whole")
    interrupted = TinyRecipe()

    def killed(step, *_):
        raise KeyboardInterrupt

    half = Trainer(interrupted, tmp_path / "half", options())
    honest = half._train_step
    half._train_step = lambda: killed(half.step) if half.step == 13 else honest()
    with pytest.raises(KeyboardInterrupt):
        half.train()
    random.seed(99), np.random.seed(99), torch.manual_seed(99)
    resumed = Trainer(TinyRecipe(), tmp_path / "half", options())
    assert resumed.step == 10
    resumed.train()
    assert_bits_are_equal(weights(whole), weights(resumed))
    for name in whole.optimizers:
        state, wanted = (t.optimizers[name].state_dict()["state"] for t in (resumed, whole))
        assert all(torch.equal(state[i][key], wanted[i][key]) for i in wanted for key in wanted[i])
    lines = [
        [line for line in read_curve(tmp_path / name) if line["kind"] == "validation"] for name in ("whole", "half")
    ]
    assert lines[0] == lines[1]


def test_dropout_and_data_differ_from_step_to_step(tmp_path):
    recipe = TinyRecipe(dropout=0.5)
    trained(tmp_path, recipe, n_steps=6)
    assert len({step for step, _ in recipe.seen}) == 6
    batches = [recipe.batch(step, 0, 1).x for step in range(6)]
    assert not any(torch.equal(batches[0], other) for other in batches[1:])


def test_batches_made_ahead_are_the_same(tmp_path):
    now, ahead = (trained(tmp_path / name, n_steps=6, is_ahead=name == "ahead") for name in ("now", "ahead"))
    assert_bits_are_equal(weights(now), weights(ahead))


def test_accumulated_batches_are_one_batch(tmp_path):
    one = trained(tmp_path / "one", TinyRecipe(dropout=0), n_steps=5)
    four = trained(tmp_path / "four", TinyRecipe(dropout=0), n_steps=5, n_accumulated=4)
    for name, value in weights(one).items():
        torch.testing.assert_close(weights(four)[name], value, rtol=0, atol=1e-6)
    curves = [read_curve(tmp_path / name)[0] for name in ("one", "four")]
    assert curves[0]["error"] == pytest.approx(curves[1]["error"], rel=1e-4)


def test_each_optimizer_updates_its_own_networks(tmp_path):
    recipe = TinyRecipe()
    trainer = Trainer(recipe, tmp_path, options())
    changed = {}
    for settings in recipe.optimizers:
        before = {n: [p.detach().clone() for p in m.parameters()] for n, m in recipe.networks.items()}
        sum(recipe.losses(settings.name, recipe.batch(0, 0, 1)).values()).backward()
        trainer._update(settings)
        changed[settings.name] = {
            n
            for n, m in recipe.networks.items()
            if any(not torch.equal(p, q) for p, q in zip(m.parameters(), before[n], strict=True))
        }
        for network in recipe.networks.values():
            network.zero_grad()
    assert changed == {"generator": {"generator"}, "discriminator": {"discriminator"}}


def test_frozen_weights_keep_their_values(tmp_path):
    recipe = TinyRecipe(frozen=(r"generator\.0\..*",))
    before = {name: value.clone() for name, value in recipe.networks["generator"].state_dict().items()}
    trained(tmp_path, recipe)
    after = recipe.networks["generator"].state_dict()
    assert {name for name in before if torch.equal(before[name], after[name])} == {"0.weight", "0.bias"}


def test_a_step_with_a_broken_gradient_is_skipped_and_counted(tmp_path):
    recipe = TinyRecipe()
    recipe.broken_steps = (2, 3)
    trainer = trained(tmp_path, recipe, n_steps=5)
    assert trainer.n_skipped == {"generator": 2}
    assert all(value.isfinite().all() for value in weights(trainer).values())
    state = read_state(trainer.checkpoints.latest())
    assert state.n_skipped == {"generator": 2}
    assert read_curve(tmp_path)[0]["generator skipped"] == 2


def test_the_generator_learns_and_the_best_checkpoint_is_kept(tmp_path):
    trained(tmp_path, n_steps=120, validate_steps=20, save_steps=10, keep_last=2, keep_every_steps=50)
    folder = CheckpointFolder(tmp_path)
    validated = {line["step"]: line["error"] for line in read_curve(tmp_path) if line["kind"] == "validation"}
    best_step, best = folder.best()
    assert validated[best_step] == min(validated.values()) == pytest.approx(best, rel=1e-4)
    assert validated[120] < validated[20] / 2
    assert folder.steps() == sorted({50, 100, 110, 120, best_step})
    sizes = {path.name for path in folder.path(120).iterdir()}
    assert sizes == {
        "generator.safetensors", "discriminator.safetensors", "generator.average.safetensors",
        "generator.optimizer.safetensors", "discriminator.optimizer.safetensors", "state.json",
    }  # fmt: skip
    assert (tmp_path / "samples" / "step-0000120" / "sine.flac").is_file()
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert list((tmp_path / "tensorboard").iterdir())


def test_an_incomplete_checkpoint_is_not_read(tmp_path):
    trained(tmp_path, n_steps=20)
    folder = CheckpointFolder(tmp_path)
    (folder.path(20) / "state.json").unlink()
    assert folder.steps() == [10]
    shutil.rmtree(folder.path(10))
    assert folder.latest() is None


def test_a_damaged_checkpoint_is_an_error_with_a_fix(tmp_path):
    trained(tmp_path, n_steps=10)
    (CheckpointFolder(tmp_path).path(10) / "generator.safetensors").write_bytes(b"torn")
    with pytest.raises(InputError, match="delete this checkpoint"):
        Trainer(TinyRecipe(), tmp_path, options())


def test_a_run_of_other_networks_is_not_resumed(tmp_path):
    trained(tmp_path, n_steps=10)
    with pytest.raises(InputError, match="width 6"):
        Trainer(TinyRecipe(width=5), tmp_path, options())


def test_a_time_limit_ends_with_a_checkpoint(tmp_path):
    trainer = trained(tmp_path, max_duration_s=0.0)
    assert trainer.step == 0
    assert CheckpointFolder(tmp_path).steps() == [0]
    assert read_tensors(CheckpointFolder(tmp_path).path(0), "generator.optimizer") == {}


def test_the_learning_rate_follows_its_schedule(tmp_path):
    trainer = trained(tmp_path, n_steps=7)
    assert trainer.optimizers["generator"].param_groups[0]["lr"] == pytest.approx(0.02 * 0.99**6)


def test_curves_of_a_resumed_run_have_each_step_once(tmp_path):
    curves = Curves(tmp_path, 0)
    for step in (5, 10, 15):
        curves.add(step, "train", {"loss": 1.0})
    with (tmp_path / "curve.jsonl").open("a") as file:
        file.write('{"step": 20, "ki')
    curves.close()
    again = Curves(tmp_path, 10)
    again.add(15, "train", {"loss": 2.0})
    again.close()
    assert [(line["step"], line["loss"]) for line in read_curve(tmp_path)] == [(5, 1.0), (10, 1.0), (15, 2.0)]
    assert json.loads((tmp_path / "curve.jsonl").read_text().splitlines()[0])["kind"] == "train"


@pytest.mark.parametrize(
    ("duration_s", "text"), [(4, "4 s"), (600, "10 min"), (3600, "1 h"), (12_000, "3 h 20 min"), (90_000, "1 d 1 h")]
)
def test_durations_are_short(duration_s, text):
    assert duration_text(duration_s) == text


def test_progress_names_losses_and_time_left(tmp_path):
    lines = []
    Trainer(TinyRecipe(), tmp_path, options(n_steps=5), lines.append).train()
    assert lines[0].startswith("tiny  5/5  discriminator ")
    assert "error" in lines[0]
    assert "ETA" in lines[0]
    assert "validation: error" in lines[1]
    assert not math.isnan(float(lines[1].split()[-1]))
