"""Fine-tuning to one voice with narrow networks: clips, exact resume, the bundle, and the objective itself."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from hierbatch.audio.files import write_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.datasets.options import DatasetOptions
from hierbatch.errors import BundleError, InputError
from hierbatch.jobs.training.finetune import FinetuneJob, finetune
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.spectral_statistics import SpectralStatisticsMatching
from hierbatch.models.weights.bundle import find_bundle
from hierbatch.training.recipes.one_voice import OneVoiceOptions, OneVoiceRecipe
from hierbatch.training.trainer.trainer import Trainer, TrainerOptions
from hierbatch.training.voice_clips import CLIP_LIMITS, choose_prompt, prepare_clips, split_clips
from tests.narrow_discriminators import narrow_discriminators
from tests.tiny_bundle import write_tiny_bundle
from tests.tiny_lite import tiny_config

RATE_HZ = 16_000
FEW_STEPS = {"n_steps": 4, "n_rows": 1, "adversarial_from_step": 2, "warm_up_steps": 1}


def voice(duration_s, f0_hz, seed):
    rng = np.random.default_rng(seed)
    times = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    glide = f0_hz * (1 + 0.1 * np.sin(2 * np.pi * rng.uniform(0.3, 0.6) * times))
    phase = 2 * np.pi * np.cumsum(glide) / RATE_HZ
    tone = sum(np.cos(k * phase) / k for k in range(1, 20)) * (1 + 0.8 * np.sin(2 * np.pi * 3 * times))
    tone *= (times % 2.0 < 1.7) * 0.05
    return Waveform((tone + rng.normal(0, 1e-4, len(times))).astype(np.float32), RATE_HZ)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return write_tiny_bundle(tmp_path_factory.mktemp("bundle") / "tiny")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, bundle):
    root = tmp_path_factory.mktemp("voice")
    for number in range(9):
        write_sound(root / "data" / f"{number}.wav", voice(8.0, 110 if number % 3 else 130, number), container="WAV")
    prepare_clips([root / "data"], root / "clips", str(bundle), DatasetOptions(language="en"))
    return root


@pytest.fixture(autouse=True)
def narrow_and_without_pictures(monkeypatch):
    monkeypatch.setattr("hierbatch.training.recipes.one_voice.small_discriminators", narrow_discriminators)
    monkeypatch.setattr("hierbatch.training.trainer.curves.Curves.write_picture", lambda curves: None)


def recipe_of(folder, **options):
    torch.manual_seed(0)
    clips = split_clips(folder / "clips")
    return OneVoiceRecipe(
        clips.prepared,
        LiteNetworks(tiny_config()),
        SpectralStatisticsMatching(),
        training=clips.training,
        held_out=clips.held_out,
        options=OneVoiceOptions(
            **{"n_steps": 4, "n_rows": 1, "adversarial_from_step": 2, "warm_up_steps": 1} | options
        ),
    )


def test_held_out_clips_are_apart_and_the_prompt_is_a_training_clip(folder):
    clips = split_clips(folder / "clips")
    assert len(clips.held_out) == 4
    assert not {clip.id for clip in clips.held_out} & {clip.id for clip in clips.training}
    assert clips.training_s + clips.held_out_s == pytest.approx(72, abs=1)
    prompt = choose_prompt(clips)
    assert prompt in clips.training
    f0_hz = clips.prepared.f0_hz(prompt)
    assert np.median(f0_hz[f0_hz > 0]) == pytest.approx(110, rel=0.06)


def test_clips_are_prepared_once(folder, bundle):
    before = (folder / "clips" / "clips" / "index.parquet").stat().st_mtime_ns
    assert prepare_clips([folder / "nowhere"], folder / "clips", str(bundle), DatasetOptions()) == ()
    assert (folder / "clips" / "clips" / "index.parquet").stat().st_mtime_ns == before


@pytest.mark.parametrize("n_files", [1, 3])
def test_too_little_speech_is_a_sentence(tmp_path, bundle, n_files):
    for number in range(n_files):
        write_sound(tmp_path / "data" / f"{number}.wav", voice(4.0, 120, number), container="WAV")
    prepare_clips([tmp_path / "data"], tmp_path / "clips", str(bundle), DatasetOptions())
    with pytest.raises(InputError, match=r"too little speech.*at least 60 s.*Fix: add recordings"):
        split_clips(tmp_path / "clips")


def test_noisy_clips_are_left_out(tmp_path, bundle):
    rng = np.random.default_rng(0)
    write_sound(tmp_path / "data" / "good.wav", voice(4.0, 120, 0), container="WAV")
    noisy = voice(4.0, 120, 0).samples + rng.normal(0, 0.05, 4 * RATE_HZ)
    write_sound(tmp_path / "data" / "noisy.wav", Waveform(noisy.astype(np.float32), RATE_HZ), container="WAV")
    (row,) = prepare_clips([tmp_path / "data"], tmp_path / "clips", str(bundle), DatasetOptions())
    assert row.id == "noisy"
    assert "noisy" in row.reason
    assert CLIP_LIMITS.min_duration_s == 2.0


def test_a_resumed_fine_tuning_equals_an_undisturbed_one(folder, tmp_path):
    options = {"report_steps": 1, "validate_steps": 2, "save_steps": 2}
    Trainer(recipe_of(folder), tmp_path / "whole", TrainerOptions(n_steps=4, **options)).train()
    Trainer(recipe_of(folder), tmp_path / "halves", TrainerOptions(n_steps=2, **options)).train()
    Trainer(recipe_of(folder), tmp_path / "halves", TrainerOptions(n_steps=4, **options)).train()
    for name in ("acoustic", "vocoder", "discriminators"):
        whole, halves = (
            (tmp_path / run / "checkpoints" / "step-0000004" / f"{name}.safetensors").read_bytes()
            for run in ("whole", "halves")
        )
        assert whole == halves
    curve = [json.loads(line) for line in (tmp_path / "whole" / "curve.jsonl").open()]
    losses = [set(line) for line in curve if line["kind"] == "train"]
    assert all("adversarial" not in names for names in losses[:2])
    assert all("adversarial" in names for names in losses[2:])


def test_the_objective_brings_held_out_clips_closer(folder, tmp_path):
    recipe = recipe_of(folder, n_steps=20, n_rows=4, acoustic_learning_rate=5e-3, trains_vocoder=False)
    with torch.no_grad():
        before = recipe.validate(recipe.networks)[recipe.criterion]
    trainer = Trainer(recipe, tmp_path / "run", TrainerOptions(n_steps=20, validate_steps=10, average_decay=0.9))
    trainer.train()
    assert trainer.checkpoints.best()[1] < 0.8 * before


def test_training_stops_without_improvement(folder, tmp_path):
    recipe = recipe_of(folder, n_steps=50, acoustic_learning_rate=0.0, trains_vocoder=False)
    options = TrainerOptions(n_steps=50, validate_steps=1, save_steps=1, patience_steps=2)
    trainer = Trainer(recipe, tmp_path / "run", options)
    trainer.train()
    assert trainer.step == 3
    assert trainer.has_converged()


def test_frozen_networks_and_the_content_encoder_stay(folder, tmp_path):
    recipe = recipe_of(folder, trains_vocoder=False)
    assert set(recipe.networks) == {"acoustic"}
    content = {name: value.clone() for name, value in recipe._content.state_dict().items()}
    Trainer(recipe, tmp_path / "run", TrainerOptions(n_steps=2)).train()
    assert all(torch.equal(value, content[name]) for name, value in recipe._content.state_dict().items())


def test_bundles_of_other_kinds_are_refused(tmp_path):
    assert find_bundle("speechsr").kind != "lite"
    job = FinetuneJob(recordings=(Path("."),), out=tmp_path / "voice", consent="self", model="speechsr")
    with pytest.raises(BundleError, match=r"cannot be fine-tuned.*Fix: "):
        finetune(job, lambda line: None)
