import pytest
import torch

from hierbatch.models.hierspeechpp.blocks.masks import frame_mask
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from tests.models.among_others import LENGTHS, snr_db
from tests.models.golden_rule import with_rule_weights
from tests.models.hierspeechpp.synthesizer.small import SMALL

GAINS = 96_864  # of the published weights; folded into ours


@pytest.fixture(scope="module")
def model():
    return with_rule_weights(Synthesizer(SMALL).eval())


def batch_of(lengths):
    random = torch.Generator().manual_seed(3)
    longest = int(max(lengths))

    def noise(channels, n_frames):
        return torch.randn(len(lengths), channels, n_frames, generator=random)

    f0 = noise(1, 4 * longest).abs() * 2
    return [noise(SMALL.semantic_channels, longest), f0, torch.tensor(lengths), noise(8, 1)[:, :, 0], noise(8, longest)]


def row_of(batch, row):
    semantic, f0, lengths, style, noise = (value[row : row + 1] for value in batch)
    n_frames = int(lengths)
    return [semantic[:, :, :n_frames], f0[:, :, : 4 * n_frames], lengths, style, noise[:, :, :n_frames]]


def test_a_row_among_31_others_is_the_row_alone(model):
    lengths, batch = LENGTHS, batch_of(LENGTHS)
    with torch.inference_mode():
        together = model(*batch, noise_scale=0.333)
        for row in range(0, 32, 5):
            alone = model(*row_of(batch, row), noise_scale=0.333)
            n_samples = lengths[row] * SMALL.hop_samples
            assert alone.sound.shape == (1, 1, n_samples)
            assert snr_db(alone.sound[0], together.sound[row, :, :n_samples]) > 80
            assert snr_db(alone.log_f0[0], together.log_f0[row, :, : 4 * lengths[row]]) > 80
            assert not together.sound[row, :, n_samples:].any()


def test_the_published_behaviour_lets_padding_in(model):
    batch = batch_of([9, 17])
    with torch.inference_mode():
        together = model(*batch, legacy_padding=True).sound[0, :, : 9 * SMALL.hop_samples]
        alone = model(*row_of(batch, 0), legacy_padding=True).sound[0]
        assert torch.equal(alone, model(*row_of(batch, 0)).sound[0])
    assert snr_db(alone, together) < 60


def test_a_style_among_31_others_is_the_style_alone(model):
    lengths = torch.tensor(LENGTHS)
    mels = torch.randn(len(LENGTHS), SMALL.n_mels, max(LENGTHS), generator=torch.Generator().manual_seed(5)) * 4
    with torch.inference_mode():
        together = model.encode_style(mels, lengths)
        for row, length in enumerate(lengths.tolist()):
            alone = model.encode_style(mels[row : row + 1, :, :length], lengths[row : row + 1])
            assert snr_db(alone[0], together[row]) > 80


def test_the_acoustic_encoder_encodes_each_row_alone(model):
    lengths, (n_rows, longest) = torch.tensor(LENGTHS), (len(LENGTHS), max(LENGTHS))
    random = torch.Generator().manual_seed(6)
    spectrogram = torch.randn(n_rows, SMALL.n_bins, longest, generator=random)
    sound = torch.randn(n_rows, 1, longest * SMALL.hop_samples, generator=random)
    sound = sound * frame_mask(lengths * SMALL.hop_samples, sound.shape[-1])
    style = torch.randn(n_rows, 8, generator=random)
    encoder = model.training_modules.acoustic_encoder
    with torch.inference_mode():
        mean, log_scale = encoder(spectrogram, sound, lengths, style)
        for row, length in enumerate(lengths.tolist()):
            alone = encoder(
                spectrogram[row : row + 1, :, :length],
                sound[row : row + 1, :, : length * SMALL.hop_samples],
                lengths[row : row + 1],
                style[row : row + 1],
            )
            assert snr_db(alone[0][0], mean[row, :, :length]) > 80
            assert snr_db(alone[1][0], log_scale[row, :, :length]) > 80


def test_the_prosody_head_predicts_each_row_alone(model):
    lengths, longest = torch.tensor(LENGTHS), max(LENGTHS)
    random = torch.Generator().manual_seed(7)
    latent, style = (torch.randn(len(LENGTHS), 8, *size, generator=random) for size in ((longest,), ()))
    mask, head = frame_mask(lengths, longest), model.training_modules.prosody
    with torch.inference_mode():
        together = head(latent, mask, style)
        for row, length in enumerate(LENGTHS):
            one = slice(row, row + 1)
            alone = head(latent[one, :, :length], mask[one, :, :length], style[one])[0]
            assert snr_db(alone, together[row, :, :length]) > 80
            assert not together[row, :, length:].any()


def test_the_absent_style_differs_from_any_other(model):
    batch = batch_of([6])
    with torch.inference_mode():
        somebody, nobody = (model(*batch, is_styled=is_styled) for is_styled in (True, False))
    assert torch.equal(somebody.acoustic, nobody.acoustic)
    assert snr_db(somebody.sound, nobody.sound) < 20


def test_it_has_the_published_number_of_weights():
    with torch.device("meta"):
        whole, sung = (Synthesizer(SynthesizerConfig(), is_for_training=training) for training in (True, False))
    n_weights, n_sung = (sum(value.numel() for value in model.parameters()) for model in (whole, sung))
    assert n_weights + GAINS == 97_022_304
    assert n_weights - n_sung > 33_000_000
