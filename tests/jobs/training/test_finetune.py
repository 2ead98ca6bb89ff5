"""From a folder of recordings to a bundle that loads everywhere, with the comparison of before and after."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hierbatch.audio.files import read_sound, write_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError
from hierbatch.jobs.options.data import DataLayout
from hierbatch.jobs.options.finetune import FinetuneSettings
from hierbatch.jobs.training.finetune import PROMPT_FILE, FinetuneJob, finetune
from hierbatch.models.catalog.open_model import open_model
from hierbatch.models.weights.bundle import find_bundle
from tests.narrow_discriminators import narrow_discriminators
from tests.tiny_bundle import write_tiny_bundle

RATE_HZ = 16_000


def voice(duration_s, seed):
    rng = np.random.default_rng(seed)
    times = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    phase = 2 * np.pi * np.cumsum(120 * (1 + 0.1 * np.sin(2 * np.pi * rng.uniform(0.3, 0.6) * times))) / RATE_HZ
    tone = sum(np.cos(k * phase) / k for k in range(1, 20)) * (times % 2.0 < 1.7) * 0.05
    return Waveform((tone + rng.normal(0, 1e-4, len(times))).astype(np.float32), RATE_HZ)


@pytest.fixture
def job(tmp_path, monkeypatch):
    monkeypatch.setattr("hierbatch.jobs.training.finetune._VALIDATE_STEPS", 1)
    monkeypatch.setattr("hierbatch.training.recipes.one_voice.small_discriminators", narrow_discriminators)
    monkeypatch.setattr("hierbatch.training.trainer.curves.Curves.write_picture", lambda curves: None)
    monkeypatch.setattr("hierbatch.jobs.training.voice_comparison.SENTENCES", {"en": ("Hello there, this is a test.",)})
    monkeypatch.setattr("hierbatch.jobs.training.voice_comparison.find_resemblyzer_weights", lambda: None)
    monkeypatch.setattr("hierbatch.jobs.training.voice_comparison.is_distillmos_installed", lambda: False)
    for number in range(8):
        write_sound(tmp_path / "data" / f"{number}.wav", voice(8.0, number), container="WAV")
    return FinetuneJob(
        recordings=(tmp_path / "data",),
        out=tmp_path / "my-voice",
        consent="self",
        model=str(write_tiny_bundle(tmp_path / "tiny")),
        layout=DataLayout(language="en"),
        settings=FinetuneSettings(steps=2, vocoder=True),
    )


def test_a_bundle_with_its_prompt_and_its_comparison(job):
    result = finetune(job, lambda line: None)
    assert result.step == 2
    names = [measure.name for measure in result.comparison.measures]
    assert names == ["mel distance of held-out clips, dB"]
    assert len(result.comparison.missing) == 3
    start, tuned = find_bundle(job.model), find_bundle(job.out)
    assert (tuned.name, tuned.kind, tuned.config, tuned.synthesis) == (
        "my-voice",
        "lite",
        start.config,
        start.synthesis,
    )
    assert tuned.fingerprint != start.fingerprint
    before, after = start.load_weights(), tuned.load_weights()
    changed = {name.partition(".")[0] for name in before if not np.array_equal(before[name], after[name])}
    assert changed == {"acoustic", "vocoder"}
    prompt = read_sound(job.out / PROMPT_FILE)
    assert 6 <= prompt.duration_s <= 15
    assert open_model(job.out).encode_voice(prompt).median_f0_hz == pytest.approx(120, rel=0.1)
    assert "Consent of the speaker, as stated: self" in (job.out / "MODEL_CARD.md").read_text()
    assert json.loads((job.out / "comparison.json").read_text())["measures"][0]["name"] == names[0]


def test_the_same_command_resumes(job):
    first = finetune(replace(job, settings=FinetuneSettings(steps=2, minutes=1e-9, vocoder=True)), lambda line: None)
    assert first.comparison is None
    assert not (job.out / "bundle.json").exists()
    assert finetune(job, lambda line: None).comparison is not None


@pytest.mark.parametrize("consent", ["", "unknown", "perhaps"])
def test_a_voice_needs_consent(job, consent):
    with pytest.raises(InputError, match=r"consent.*Expected: self.*Fix: "):
        finetune(replace(job, consent=consent), lambda line: None)
