import numpy as np
import pytest
import torch

from hierbatch.audio.level import below_full_scale
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.hierspeechpp import prompt, vocabulary
from hierbatch.models.hierspeechpp.english_text import SYMBOL_IDS
from hierbatch.models.hierspeechpp.networks import HierSpeechPPNetworks
from hierbatch.models.hierspeechpp.text_to_speech import HierSpeechPPPipeline
from hierbatch.models.hierspeechpp.text_to_vector.weights import text_to_vector_from
from hierbatch.models.speech import SpeechRequest
from hierbatch.models.weights.bundle import Bundle
from tests.models.golden_data import PUBLISHED, checked, golden, golden_networks, published
from tools.parity.comparison import MissingWeights
from tools.parity.end_to_end import check_end_to_end
from tools.parity.synthesizer import load_full_size_synthesizer


@pytest.fixture(scope="module")
def networks():
    return golden_networks(PUBLISHED)


@pytest.mark.timeout(280)
@published
def test_a_sentence_is_the_published_one_to_the_last_bits(networks):
    (comparisons,) = checked("e2e", check_end_to_end, networks=networks).values()
    assert [comparison.output for comparison in comparisons if not comparison.is_met] == []
    assert comparisons[-1].output == "out_int16"


class GoldenNoise:
    """Gives the noise of a golden case where a row's own is drawn, and holds the drawing to its order and shapes."""

    def __init__(self, *noises):
        self._noises = list(noises)

    def standard_normal(self, shape, dtype):
        noise = self._noises.pop(0)
        assert noise.size == np.prod(shape)
        return noise.reshape(shape).astype(dtype)


@pytest.mark.timeout(280)
@golden
def test_what_speaks_gives_the_published_sound(networks, monkeypatch):
    (case,) = (case for case in networks.folder.cases if case.module == "e2e")
    arrays = case.arrays()
    bundle = Bundle(
        folder=None, name="golden", kind="hierspeechpp", languages=("en",), rate_hz=RATE_HZ, license="MIT", config={},
        synthesis={"denoise_ratio": case.args["denoise_ratio"], "noise_scale": case.args["noise_scale_vc"]},
        weights_sha256="0" * 64,
    )  # fmt: skip
    chain = HierSpeechPPNetworks(
        text_to_vector=networks.with_rule_weights("ttv", text_to_vector_from),
        synthesizer=networks.with_rule_weights("hier", load_full_size_synthesizer),
    )
    model = HierSpeechPPPipeline(bundle, chain, DevicePlacement())
    # The case's prompt is shorter than a user's may be, its symbols are no words, and its denoised prompt is given,
    # for the denoiser's phases belong to the FFT library.
    clean = torch.from_numpy(arrays["out_prompt_pair"][1])
    monkeypatch.setattr(prompt, "clean_prompt", lambda prompt: prompt)
    monkeypatch.setattr(prompt, "_REPEATS", 1)
    monkeypatch.setattr(prompt.PromptFeatureExtractor, "_denoise", lambda prompts, sound: clean)
    symbols = {number: symbol for symbol, number in SYMBOL_IDS.items()}
    said = [symbols[number] for number in arrays["in_tokens"][0, 1::2].tolist()]
    monkeypatch.setattr(vocabulary, "espeak_spelling", lambda phonemes: said)
    noise = GoldenNoise(arrays["in_noise_ttv_dp"], arrays["in_noise_ttv_z"], arrays["in_noise_vc"])
    monkeypatch.setattr(np.random, "default_rng", lambda seed: noise)

    voice = model.encode_voice(Waveform(arrays["in_prompt16k"][0], RATE_HZ))
    (speech,) = model.speak([SpeechRequest(phonemes="", language="en", voice=voice, seed=0)])
    wanted = below_full_scale(Waveform(arrays["out_audio16k"][0, 0], RATE_HZ))
    np.testing.assert_allclose(speech.waveform.samples, wanted.samples, rtol=0, atol=2e-5)
    log_f0 = arrays["out_log_f0_before_clip"][0, 0, ::2]
    pitch_hz = np.where(log_f0 < np.log(55), 0, np.expm1(log_f0))
    np.testing.assert_allclose(np.log1p(speech.f0_hz), np.log1p(pitch_hz), rtol=0, atol=3e-4)


@golden
def test_without_the_published_weights_it_reports_what_it_wants():
    (verdict,) = checked("e2e", check_end_to_end).values()
    assert isinstance(verdict, MissingWeights)
    assert "speechsr48k" in verdict.reason
