"""What becomes of a prompt in the published networks: too short a one, one that many rows name, one without a voice."""

import numpy as np
import pytest
import soundfile

from hierbatch.audio.waveform import Waveform
from hierbatch.engine.session import Workforce
from hierbatch.jobs.convert_order import ConvertOrder
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.voices import VoiceChoice
from hierbatch.manifest.takes import Takes
from hierbatch.models import official_prompt
from hierbatch.models.official import OfficialConversion
from hierbatch.models.opening import open_model
from hierbatch.units import RATE_HZ
from tests.making import recordings_file
from tests.models import converting_bundle
from tests.models.test_official import voiced_sound
from tests.models.test_official_speech import write_official


def write_sound(path, samples):
    soundfile.write(path, samples, RATE_HZ)
    return path.name


def test_a_prompt_shorter_than_three_seconds_is_heard_five_times_over_by_what_speaks(tmp_path, monkeypatch):
    model = open_model(write_official(tmp_path, parts=("ttv", "synthesizer")))
    short = voiced_sound(1.2, 150)
    voice = model.encode_voice(short)
    repeated = model.encode_voice(Waveform(np.tile(short.samples, 5), RATE_HZ))
    np.testing.assert_array_equal(voice.text_style, repeated.text_style)
    np.testing.assert_array_equal(voice.sound_style, repeated.sound_style)
    monkeypatch.setattr(official_prompt, "_REPEATS", 1)
    once = model.encode_voice(short)
    assert np.abs(once.text_style - voice.text_style).max() > 1e-3
    assert np.abs(once.sound_style - voice.sound_style).max() > 1e-3


@pytest.fixture
def heard(monkeypatch):
    """Every prompt that the converting networks are given, in order."""
    prompts, encode = [], OfficialConversion.encode_voice

    def listen(model, prompt, **how):
        prompts.append(prompt)
        return encode(model, prompt, **how)

    monkeypatch.setattr(OfficialConversion, "encode_voice", listen)
    return prompts


def test_a_short_voice_is_repeated_and_heard_once_and_one_without_a_voice_fails_its_rows_alone(tmp_path, heard):
    short = voiced_sound(1.5, 200).samples
    hiss = np.random.default_rng(0).normal(scale=0.1, size=4 * RATE_HZ)
    write_sound(tmp_path / "anna.wav", short)
    write_sound(tmp_path / "hiss.wav", hiss)
    (tmp_path / "voices.csv").write_text("voice,audio,consent\nanna,anna.wav,self\nhiss,hiss.wav,self\n")
    names = [write_sound(tmp_path / f"s{row}.wav", voiced_sound(0.4, 120 + row, row).samples) for row in range(4)]
    recordings_file(tmp_path, names, voice=["anna", "hiss", "anna", "anna"])
    order = ConvertOrder(
        manifest=tmp_path / "m.csv",
        voices=VoiceChoice(table=tmp_path / "voices.csv"),
        bundle=str(converting_bundle.write_official(tmp_path / "bundle")),
    )
    outcome = run(RunJob(order=order, out=tmp_path / "run", workforce=Workforce(engine="local"), retakes=0))
    assert (outcome.standing.n_ok, outcome.standing.error_kinds) == (3, {"prompt": 1})
    failed = [row for row in Takes(tmp_path / "run").table(["voice", "error"]).to_pylist() if row["error"]]
    assert [row["voice"] for row in failed] == ["hiss"]
    assert "no voice" in failed[0]["error"]
    (repeated,) = heard  # three rows, one voice
    np.testing.assert_allclose(repeated.samples, np.tile(short, 2), atol=1e-3)
