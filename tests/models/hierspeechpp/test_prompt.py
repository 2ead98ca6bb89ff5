"""What becomes of a prompt in the published networks: too short a one, one that many rows name, one without a voice."""

import numpy as np
import pytest
import soundfile

from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.engine.execution import Execution
from hierbatch.errors import RunError
from hierbatch.jobs.options.quality import MeasureChoice
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.run import RunJob, run
from hierbatch.jobs.specs.convert import ConvertSpec
from hierbatch.manifest.takes.takes import Takes
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.models.catalog.open_model import open_model
from hierbatch.models.hierspeechpp import prompt as official_prompt
from hierbatch.models.hierspeechpp.voice_conversion import HierSpeechPPConverter
from tests.audio.voiced import voiced_sound
from tests.making import recordings_file
from tests.models import converting_bundle
from tests.models.hierspeechpp.speaking_bundle import write_official


def write_sound(path, samples):
    soundfile.write(path, samples, RATE_HZ)
    return path.name


def test_a_prompt_below_three_seconds_is_repeated_five_times(tmp_path, monkeypatch):
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
    prompts, encode = [], HierSpeechPPConverter.encode_voice

    def listen(model, prompt, **how):
        prompts.append((prompt, how.get("denoise_ratio")))
        return encode(model, prompt, **how)

    monkeypatch.setattr(HierSpeechPPConverter, "encode_voice", listen)
    return prompts


def test_a_short_voice_is_repeated_and_one_without_speech_fails_its_own_rows(tmp_path, heard):
    short = voiced_sound(1.5, 200).samples
    hiss = np.random.default_rng(0).normal(scale=0.1, size=4 * RATE_HZ)
    write_sound(tmp_path / "anna.wav", short)
    write_sound(tmp_path / "hiss.wav", hiss)
    (tmp_path / "voices.csv").write_text("voice,audio,consent\nanna,anna.wav,self\nhiss,hiss.wav,self\n")
    names = [write_sound(tmp_path / f"s{row}.wav", voiced_sound(0.4, 120 + row, row).samples) for row in range(4)]
    recordings_file(tmp_path, names, voice=["anna", "hiss", "anna", "anna"])
    order = ConvertSpec(
        manifest=tmp_path / "m.csv",
        voices=VoiceChoice(voices=tmp_path / "voices.csv"),
        model=ModelChoice(model=converting_bundle.write_official(tmp_path / "bundle")),
    )
    outcome = run(
        RunJob(spec=order, out=tmp_path / "run", execution=Execution(engine="local"), quality=MeasureChoice())
    )
    assert (outcome.counts.n_ok, outcome.counts.error_kinds) == (3, {"prompt": 1})
    failed = [row for row in Takes(tmp_path / "run").table(["voice", "error"]).to_pylist() if row["error"]]
    assert [row["voice"] for row in failed] == ["hiss"]
    assert "no voice" in failed[0]["error"]
    ((repeated, _),) = heard  # three rows, one voice
    np.testing.assert_allclose(repeated.samples, np.tile(short, 2), atol=1e-3)


def convert_job(folder, parts, out="run", **choice):
    bundle = converting_bundle.write_official(folder / f"bundle-{len(parts)}", parts)
    order = ConvertSpec(
        manifest=folder / "m.csv",
        voices=VoiceChoice(voice=folder / "anna.wav", **choice),
        model=ModelChoice(model=bundle),
    )
    return RunJob(spec=order, out=folder / out, execution=Execution(engine="local"), quality=MeasureChoice())


@pytest.fixture
def one_recording(tmp_path):
    write_sound(tmp_path / "anna.wav", voiced_sound(3.2, 200).samples)
    recordings_file(tmp_path, [write_sound(tmp_path / "s.wav", voiced_sound(0.6, 120).samples)])
    return tmp_path


PARTS = ("synthesizer", "content_encoder", "denoiser")


def test_a_prompts_noise_is_left_to_a_bundle_that_has_a_denoiser(one_recording, heard, monkeypatch):
    by_hand = []
    monkeypatch.setattr("hierbatch.stages.prompts.mix_denoised", lambda sound, ratio: by_hand.append(ratio) or sound)
    voices = []
    for ratio in (None, 0.5, 0.0):
        run(convert_job(one_recording, PARTS, f"run-{ratio}", denoise_ratio=ratio))
        (row,) = Takes(one_recording / f"run-{ratio}").table(["status", "voice_sha256"]).to_pylist()
        assert row["status"] == "ok"
        voices.append(row["voice_sha256"])
    assert [ratio for _, ratio in heard] == [None, 0.5, 0.0]
    assert by_hand == [0.0] * 3
    assert len(set(voices)) == 3
    run(convert_job(one_recording, PARTS[:2], "plain", denoise_ratio=0.5))
    assert by_hand[3:] == [0.5]
    assert heard[3][1] is None


def test_another_ratio_recomputes_a_run(one_recording):
    run(convert_job(one_recording, PARTS, denoise_ratio=0.5))
    assert run(convert_job(one_recording, PARTS, denoise_ratio=0.5)).counts.n_ok == 1
    with pytest.raises(RunError, match="--update"):
        run(convert_job(one_recording, PARTS, denoise_ratio=0.8))
