import math

import pytest
import torch

from hierbatch.training.hierspeechpp.settings import SpeechDataSettings
from hierbatch.training.hierspeechpp.synthesizer import PRESETS, SynthesizerRecipe
from hierbatch.training.hierspeechpp.synthesizer_validation import pitch_figures
from hierbatch.training.trainer.curves import read_curve
from hierbatch.training.trainer.trainer import Trainer
from tests.training.hierspeechpp.made_speech import MadeSpeech
from tests.training.hierspeechpp.tiny import synthesizer_training


def test_a_resumed_training_equals_an_undisturbed_one(tmp_path):
    config = synthesizer_training(n_steps=2, batch_rows=2)

    def trainer(name, **changes):
        return Trainer(SynthesizerRecipe(config, MadeSpeech()), tmp_path / name, config.run.options(**changes))

    whole = trainer("whole")
    whole.train()
    trainer("half", n_steps=1).train()
    resumed = trainer("half")
    assert resumed.step == 1
    resumed.train()
    for name, network in whole.recipe.networks.items():
        after = resumed.recipe.networks[name].state_dict()
        assert all(torch.equal(value, after[key]) for key, value in network.state_dict().items())
    figures = read_curve(tmp_path / "whole")[-1]
    assert {"mel", "prior mel", "acoustic divergence", "voicing F-score"} <= figures.keys()
    assert len(list((tmp_path / "whole" / "samples").rglob("*.flac"))) == 2


def test_bf16_gives_nearly_the_losses_of_float32():
    recipe = SynthesizerRecipe(synthesizer_training(dropout=0.0), MadeSpeech())
    batch = recipe.batch(0, 0, 1)
    exact = {**recipe.losses("discriminators", batch), **recipe.losses("generator", batch)}
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = {**recipe.losses("discriminators", batch), **recipe.losses("generator", batch)}
    sum(rough.values()).backward()
    assert all(value.dtype == torch.float32 for name, value in rough.items())
    for name, value in exact.items():
        assert float(rough[name].detach()) == pytest.approx(float(value.detach()), rel=0.05, abs=0.02)


def test_a_row_does_not_depend_on_the_number_of_parts():
    recipe = SynthesizerRecipe(synthesizer_training(batch_rows=4), MadeSpeech())
    whole, second = recipe.batch(3, 0, 1).inputs, recipe.batch(3, 1, 2).inputs
    for name in (
        "sound",
        "spectrogram",
        "mel",
        "f0_hz",
        "slice_starts",
        "is_unstyled",
        "lengths",
        "perturbed_semantic",
    ):
        assert torch.equal(getattr(whole, name)[1::2], getattr(second, name)), name
    assert torch.equal(whole.noise[:, 1::2], second.noise)


def test_style_may_come_from_another_utterance_of_the_speaker():
    data = SpeechDataSettings(batch_rows=4, max_frames=14, min_frames=10, validation_rows=1, style_from="speaker")
    recipe = SynthesizerRecipe(synthesizer_training(data=data), MadeSpeech())
    rows = [row for step in range(8) for row in recipe.data.positions(step)]
    others = [row for row in rows if row.style_utterance.id != row.utterance.id]
    assert 0.2 < len(others) / len(rows) < 0.6
    assert all(row.style_utterance.speaker == row.utterance.speaker for row in rows)


def test_held_out_rows_are_not_trained():
    recipe = SynthesizerRecipe(synthesizer_training(), MadeSpeech(n_utterances=40))
    held_out = {row.utterance.id for row in recipe.data.held_out_positions()}
    assert len(held_out) == 2
    assert not held_out & {row.utterance.id for step in range(20) for row in recipe.data.positions(step)}


@pytest.mark.parametrize(("preset", "trained"), [("generator", {"source", "waveform"}), ("speaker", {"style"})])
def test_presets_train_what_they_name(tmp_path, preset, trained):
    config = synthesizer_training()
    recipe = SynthesizerRecipe(config, MadeSpeech(), preset=preset)
    Trainer(recipe, tmp_path, config.run.options())
    generator = recipe.networks["generator"]
    whole = {name.partition(".")[0] for name, weight in generator.named_parameters() if not weight.requires_grad}
    moving = {name.partition(".")[0] for name, weight in generator.named_parameters() if weight.requires_grad}
    assert trained <= moving
    assert whole
    assert preset in PRESETS


def test_pitch_figures_of_a_known_error():
    f0 = torch.tensor([0.0, 100, 200, 0])
    found = pitch_figures(torch.log1p(torch.tensor([0.0, 100 * 2 ** (1 / 12), 200 * 2 ** (1 / 12), 120])), f0)
    assert found["pitch error cents"] == pytest.approx(100, rel=1e-3)
    assert found["voicing F-score"] == pytest.approx(2 * 2 / 5)
    assert math.isnan(pitch_figures(torch.zeros(4), f0)["pitch error cents"])
