"""The published scripts' way from two recordings to a conversion, step by step, and that of the product beside it."""

import numpy as np
import pytest
import torch

from hierbatch.audio.hierspeechpp_pitch import transfer_log_f0
from hierbatch.audio.kaiser_resample import kaiser_resample
from hierbatch.audio.pitch_trackers import PITCH_TRACKERS
from hierbatch.audio.style_mel import StyleMel
from hierbatch.audio.waveform import Waveform
from hierbatch.audio.yaapt import CONVERSION_CEILING_HZ, yaapt_f0
from hierbatch.models.catalog.open_model import open_model
from hierbatch.models.conversion.interface import Transposition
from hierbatch.models.conversion.recording import convert_recording
from hierbatch.models.hierspeechpp.blocks.noise import row_noise
from hierbatch.models.hierspeechpp.content_encoder.config import ContentEncoderConfig
from hierbatch.models.hierspeechpp.content_encoder.model import ContentEncoder
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from tests.audio.voiced import voiced_sound
from tests.models.among_others import snr_db
from tests.models.converting_bundle import SIZES, write_official
from tests.models.golden_rule import with_rule_weights
from tests.models.hierspeechpp import speaking_bundle

EXACT_DB = 100.0
"""Where another pitch is another sound even to these small networks, which hear little of it."""
YAAPT = PITCH_TRACKERS["yaapt"]
SOURCE_HZ, PROMPT_HZ = 44_100, 22_050


def at_rate(duration_s, f0_hz, rate_hz, gain, seed):
    t = np.arange(int(duration_s * rate_hz)) / rate_hz
    phase = 2 * np.pi * (f0_hz * t + 4 * np.sin(2 * np.pi * 0.8 * t))
    sound = gain * sum(np.sin(k * phase) / k for k in range(1, 12)) * (np.sin(2 * np.pi * 1.1 * t) > -0.7)
    return Waveform((sound + np.random.default_rng(seed).normal(scale=1e-4, size=len(t))).astype(np.float32), rate_hz)


SOURCE, PROMPT = at_rate(1.7, 140, SOURCE_HZ, 0.02, 0), at_rate(3.3, 210, PROMPT_HZ, 0.2, 1)


def by_the_published_steps(key_semitones=0.0, seed=5):
    """Resampled by the Kaiser filter, not trimmed, not levelled, padded; F0 by YAAPT every 5 ms in mean and spread."""
    sizes = {part: {k: tuple(v) if isinstance(v, list) else v for k, v in SIZES[part].items()} for part in SIZES}
    synthesizer = with_rule_weights(Synthesizer(SynthesizerConfig(**sizes["synthesizer"]))).eval()
    content = with_rule_weights(ContentEncoder(ContentEncoderConfig(**sizes["content_encoder"]))).eval()
    source, prompt = (kaiser_resample(sound, 16_000).samples for sound in (SOURCE, PROMPT))
    padded = np.pad(source, (0, (len(source) // 1280 + 1) * 1280 - len(source)))
    contours = [yaapt_f0(Waveform(sound, 16_000), CONVERSION_CEILING_HZ) for sound in (padded, prompt)]
    log_f0 = torch.from_numpy(transfer_log_f0(*contours, key_semitones))[None, None]
    lengths = torch.tensor([len(padded) // 320])
    with torch.inference_mode():
        mel = StyleMel()(torch.from_numpy(prompt)[None])
        style = synthesizer.encode_style(mel, torch.tensor([mel.shape[-1]]))
        semantic = content(torch.from_numpy(padded)[None], lengths)
        noise = row_noise([seed], synthesizer.config.channels, lengths.tolist())
        made = synthesizer(semantic, log_f0, lengths, style, noise, noise_scale=0.333)
    return made.sound[0, 0, : len(source)].numpy()


def product(model, **how):
    voice = model.encode_voice(PROMPT, track=YAAPT)
    return convert_recording(model, SOURCE, voice, seed=5, rate_hz=16_000, track=YAAPT, **how).waveform.samples


def at_one_level(wanted, found):
    """The product alone makes a conversion as loud as its source."""
    return wanted * (wanted @ found) / (wanted @ wanted)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return open_model(write_official(tmp_path_factory.mktemp("official")))


@pytest.mark.parametrize("semitones", [0.0, 4.0])
def test_a_conversion_is_the_published_one(model, semitones):
    wanted, found = by_the_published_steps(semitones), product(model, transposition=Transposition(semitones=semitones))
    assert len(wanted) == len(found)
    assert snr_db(at_one_level(wanted, found), found) > EXACT_DB


def test_another_key_or_tracker_is_another_sound(model):
    wanted = by_the_published_steps()
    every_day = convert_recording(model, SOURCE, model.encode_voice(PROMPT), seed=5, rate_hz=16_000).waveform.samples
    for other in (product(model, transposition=Transposition(semitones=1.0)), every_day):
        assert snr_db(at_one_level(wanted, other), other) < EXACT_DB - 15


def test_a_bundle_that_also_speaks_gives_a_voice_and_a_recording_the_same_treatment(tmp_path):
    parts = ("ttv", "synthesizer", "content_encoder", "denoiser")
    speaker = open_model(speaking_bundle.write_official(tmp_path / "speaks", parts))
    prompt = voiced_sound(3.2, 180)
    voice = speaker.encode_voice(prompt, 0.5, track=YAAPT)
    np.testing.assert_array_equal(voice.sound_style, voice.conversion.style)
    assert (voice.conversion.prompt_f0_hz > 0).any()
    made = convert_recording(speaker, SOURCE, voice, seed=5, track=YAAPT).waveform
    assert (made.n_samples, made.rate_hz) == (SOURCE.n_samples, SOURCE_HZ)
