import numpy as np
import pytest

from hierbatch.audio.pitch import estimate_f0
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.constants import MEL_HOP_SAMPLES
from hierbatch.errors import SynthesisError
from hierbatch.models.conversion.interface import ConversionRequest
from hierbatch.models.conversion.recording import convert_recording
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.models.lite.voice import LiteVoice
from tests.models.among_others import LENGTHS, SAME_DB, snr_db
from tests.models.lite.small_pipeline import buzz, small_model


@pytest.fixture(scope="module")
def model() -> LitePipeline:
    return small_model()


@pytest.fixture(scope="module")
def voice(model: LitePipeline) -> LiteVoice:
    return model.encode_voice(buzz(4.0))


def test_a_piece_of_a_recording_among_31_others_is_the_piece_alone(voice: LiteVoice) -> None:
    model = small_model(
        source_articulation=0.6,
        timbre_mean_share=0.5,
        timbre_spread_share=0.5,
        conversion_covariance_share=0.5,
        conversion_low_noise_db=-6.0,
    )
    pieces = []
    for index, length in enumerate(LENGTHS):
        samples = buzz(1.0, 110 + 5 * index).samples[: 320 * (4 + length)]
        f0_hz = estimate_f0(Waveform(samples, 16000))
        pieces.append(
            ConversionRequest(
                samples=samples, f0_hz=np.where(f0_hz > 0, f0_hz, 120), voiced=f0_hz > 0, voice=voice, seed=index
            )
        )
    for piece, found in zip(pieces, model.convert_all(pieces), strict=True):
        (alone,) = model.convert_all([piece])
        assert len(found) == len(piece.samples)
        assert snr_db(alone, found) > SAME_DB


def test_the_settings_of_conversions_change_speech_and_no_songs(voice: LiteVoice) -> None:
    samples = buzz(1.0, 150).samples[:16000]
    f0_hz = estimate_f0(Waveform(samples, 16000))

    def convert(*, is_song: bool, **synthesis: float) -> Samples:
        request = ConversionRequest(
            samples=samples,
            f0_hz=np.where(f0_hz > 0, f0_hz, 150),
            voiced=f0_hz > 0,
            voice=voice,
            seed=0,
            is_song=is_song,
        )
        return small_model(**synthesis).convert_all([request])[0]

    for setting in ({"conversion_covariance_share": 0.5}, {"conversion_low_noise_db": -12.0}):
        assert snr_db(convert(is_song=False), convert(is_song=False, **setting)) < SAME_DB
        assert np.array_equal(convert(is_song=True), convert(is_song=True, **setting))


@pytest.mark.parametrize("n_samples", [3200, 16001, 40123])
def test_conversion_keeps_the_length_to_the_sample(model: LitePipeline, voice: LiteVoice, n_samples: int) -> None:
    source = Waveform(buzz(3.0, 200.0).samples[:n_samples], 16000)
    made = convert_recording(model, source, voice, seed=1)
    assert made.waveform.n_samples == n_samples
    voiced = made.f0_hz[made.f0_hz > 0]
    assert np.median(voiced) == pytest.approx(voice.median_f0_hz, rel=0.02)


def test_a_piece_too_long_to_convert_at_once_is_refused(model: LitePipeline, voice: LiteVoice) -> None:
    n_frames = 31 * 100
    request = ConversionRequest(
        samples=np.zeros(n_frames * MEL_HOP_SAMPLES, np.float32),
        f0_hz=np.full(n_frames, 120.0, np.float32),
        voiced=np.ones(n_frames, bool),
        voice=voice,
        seed=0,
    )
    with pytest.raises(SynthesisError, match="cannot be converted"):
        model.convert_all([request])
