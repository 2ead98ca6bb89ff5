"""Tiny networks learn a few clips by heart: minutes of one core."""

import pytest

from hierbatch.training.hierspeechpp.speechsr import SpeechSRRecipe
from hierbatch.training.hierspeechpp.synthesizer import SynthesizerRecipe
from hierbatch.training.hierspeechpp.text_to_vector import TextToVectorRecipe
from hierbatch.training.trainer.curves import read_curve
from hierbatch.training.trainer.trainer import Trainer
from tests.training.hierspeechpp.made_clips import clips, speechsr_training
from tests.training.hierspeechpp.made_speech import MadeSpeech
from tests.training.hierspeechpp.tiny import (
    synthesizer_training,
    text_to_vector_network,
    text_to_vector_training,
)

pytestmark = pytest.mark.slow


def test_it_learns_a_few_clips_by_heart(tmp_path):
    config = synthesizer_training(n_steps=60, batch_rows=2, learning_rate=3e-3)
    trainer = Trainer(
        SynthesizerRecipe(config, MadeSpeech(n_utterances=10)), tmp_path, config.run.options(report_steps=10)
    )
    trainer.train()
    lines = [line for line in read_curve(tmp_path) if line["kind"] == "train"]
    assert lines[-1]["mel"] < 0.85 * lines[0]["mel"]
    assert lines[-1]["pitch"] < 0.6 * lines[0]["pitch"]


def test_it_learns_to_read_a_few_clips(tmp_path):
    config = text_to_vector_training(n_steps=60, batch_rows=6, learning_rate=4e-3, report_steps=10)
    Trainer(TextToVectorRecipe(config, MadeSpeech(n_utterances=10)), tmp_path, config.run.options()).train()
    lines = [line for line in read_curve(tmp_path) if line["kind"] == "train"]
    assert lines[-1]["symbols"] < lines[0]["symbols"] / 2
    assert lines[-1]["semantic"] < 0.95 * lines[0]["semantic"]
    assert lines[-1]["pitch"] < lines[0]["pitch"] / 2


def test_it_learns_how_words_of_a_few_clips_are_spoken(tmp_path):
    config = text_to_vector_training(
        n_steps=80, batch_rows=6, learning_rate=4e-3, report_steps=10, network=text_to_vector_network(prosody_width=16)
    )
    recipe = TextToVectorRecipe(config, MadeSpeech(n_utterances=10))
    Trainer(recipe, tmp_path, config.run.options()).train()
    lines = [line for line in read_curve(tmp_path) if line["kind"] == "train"]
    n_nats = (lines[0]["prosody"] - lines[-1]["prosody"]) / config.losses.prosody
    assert n_nats > 1.5
    assert lines[-1]["symbols"] < lines[0]["symbols"] / 2, "the prosody does not disturb the other losses"


def test_the_high_band_comes_nearer_to_the_recordings(tmp_path):
    config = speechsr_training(n_steps=60, learning_rate=5e-3, report_steps=10)
    recipe = SpeechSRRecipe(config, clips())
    before = recipe.validate({name: network.eval() for name, network in recipe.networks.items()})
    Trainer(recipe, tmp_path, config.run.options(average_decay=0.9)).train()
    after = [line for line in read_curve(tmp_path) if line["kind"] == "validation"][-1]
    assert after["high distance dB"] < before["high distance dB"] - 2
