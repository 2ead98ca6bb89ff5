import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from hierbatch.audio.pitch import PitchRange, estimate_f0
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import BundleError, PromptError, SynthesisError
from hierbatch.models.catalog.open_model import open_model
from hierbatch.models.conversion.interface import ConversionModel, ConversionRequest
from hierbatch.models.conversion.recording import convert_recording
from hierbatch.models.hierspeechpp.input_spec import fine_log_f0
from tests.audio.voiced import voiced_sound
from tests.models.among_others import LENGTHS, SAME_DB, snr_db
from tests.models.converting_bundle import write_official

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return open_model(write_official(tmp_path_factory.mktemp("official")))


@pytest.fixture(scope="module")
def voice(model):
    return model.encode_voice(voiced_sound(3, 200))


def request_of(sound, voice, seed=1):
    f0 = estimate_f0(sound)
    return ConversionRequest(
        samples=sound.samples, f0_hz=np.where(f0 > 0, f0, 150), voiced=f0 > 0, voice=voice, seed=seed
    )


def converted(model, piece):
    (samples,) = model.convert_all([piece])
    return samples


def test_a_recording_is_converted_to_the_sample(model, voice):
    assert isinstance(model, ConversionModel)
    source = Waveform(voiced_sound(1.3, 120).samples[:20_777], RATE_HZ)
    made = convert_recording(model, source, voice, seed=5)
    assert made.waveform.n_samples == source.n_samples
    assert np.isfinite(made.waveform.samples).all()
    assert np.abs(made.waveform.samples).max() > 0.01
    again = convert_recording(model, source, voice, seed=5)
    assert np.array_equal(made.waveform.samples, again.waveform.samples)


def test_a_piece_among_31_others_is_the_piece_alone(model, voice):
    other = model.encode_voice(voiced_sound(3, 110))
    pieces = [
        request_of(Waveform(voiced_sound(1, 130 + row, row).samples[: 320 * n], RATE_HZ), (voice, other)[row % 2], row)
        for row, n in enumerate(LENGTHS)
    ]
    together = model.convert_all(pieces)
    for piece, found in zip(pieces, together, strict=True):
        assert len(found) == len(piece.samples)
        assert snr_db(converted(model, piece), found) > SAME_DB


def test_voice_pitch_and_seed_change_the_sound(model, voice):
    piece = request_of(Waveform(voiced_sound(1, 120).samples[:16_000], RATE_HZ), voice)
    made = converted(model, piece)
    others = (
        replace(piece, voice=model.encode_voice(voiced_sound(3, 90, 7))),
        replace(piece, f0_hz=piece.f0_hz * 1.5),
        replace(piece, seed=2),
    )
    assert all(snr_db(made, converted(model, other)) < 60 for other in others)


def test_a_voice_has_the_pitch_that_the_chosen_tracker_finds(model, voice):
    heard = model.encode_voice(
        voiced_sound(3, 200), track=lambda sound: np.full(sound.n_samples // 160, 90, np.float32)
    )
    assert model.pitch_range(voice).median_hz == pytest.approx(200, rel=0.05)
    assert model.pitch_range(heard) == PitchRange(pytest.approx(90), pytest.approx(0))
    np.testing.assert_array_equal(heard.style, voice.style)


def test_a_denoised_prompt_is_mixed_in_by_its_ratio(tmp_path):
    prompt = voiced_sound(3, 180)
    styles = {
        ratio: open_model(write_official(tmp_path / str(ratio), denoise_ratio=ratio)).encode_voice(prompt).style
        for ratio in (0.0, 0.5, 1.0)
    }
    assert np.abs(styles[1.0] - styles[0.0]).max() > 1e-3
    assert np.allclose(styles[0.5], (styles[0.0] + styles[1.0]) / 2, atol=1e-5)


def test_pitch_is_placed_midway_on_the_finer_grid():
    f0 = np.array([100, 200, 300, 150], np.float32)
    voiced = np.array([True, True, False, True])
    found = np.exp(fine_log_f0(f0, voiced)) - 1
    assert found == pytest.approx([100, 100, 100 * 2**0.5, 200, 200, 0, 150, 150], rel=1e-4)


def test_inconvertible_rows_are_reported(model, voice):
    for n_samples in (0, 319, 320 * 1501):
        piece = replace(request_of(voiced_sound(1, 120), voice), samples=np.zeros(n_samples, np.float32))
        with pytest.raises(SynthesisError, match="cannot be converted"):
            converted(model, piece)
    with pytest.raises(PromptError):
        model.encode_voice(Waveform(np.random.default_rng(0).normal(scale=0.1, size=48_000), RATE_HZ))
    with pytest.raises(BundleError, match="does not read text"):
        model.speak([])


def test_a_missing_part_and_one_of_other_sizes_are_reported(tmp_path):
    with pytest.raises(BundleError, match="has no content_encoder"):
        open_model(write_official(tmp_path / "few", parts=("synthesizer",)))
    folder = write_official(tmp_path / "whole")
    page = json.loads((folder / "bundle.json").read_text())
    page["config"]["synthesizer"]["channels"] = 16
    (folder / "bundle.json").write_text(json.dumps(page))
    with pytest.raises(BundleError, match="do not fit Synthesizer"):
        open_model(folder)


def test_a_bundle_of_an_unknown_kind_is_reported(tmp_path):
    folder = write_official(tmp_path / "odd")
    page = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps(page | {"kind": "choir"}))
    with pytest.raises(BundleError, match="unknown kind"):
        open_model(folder)


def test_row_noise_belongs_to_the_row():
    from hierbatch.models.hierspeechpp.blocks.noise import row_noise

    together = row_noise([3, 4, 3], 5, [7, 2, 9])
    assert together.shape == (3, 5, 9)
    assert torch.equal(together[0, :, :7], row_noise([3], 5, [7])[0])
    assert torch.equal(together[0, :, :7], together[2, :, :7])
    assert not together[1, :, 2:].any()
    assert not torch.equal(together[0, :, :2], together[1, :, :2])
