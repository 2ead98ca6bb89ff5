import pytest
import torch

from hierbatch.models.hierspeechpp.text_to_vector.config import TextToVectorConfig
from hierbatch.models.hierspeechpp.text_to_vector.model import TextToVector, ceil_durations, expand
from tests.models.among_others import snr_db
from tests.models.hierspeechpp.text_to_vector.small import normal, small_network

N_TOKENS = [1 + (7 * row) % 31 for row in range(32)]
N_MELS = [5 + (11 * row) % 53 for row in range(32)]


def spoken(network, tokens, n_tokens, mel, n_mels, frames, noise):
    style = network.style(mel, n_mels)
    return network.generate(network.encode_text(tokens, n_tokens, style), frames, style, noise)


def test_a_row_among_thirty_one_others_is_the_row_alone():
    network = small_network()
    n_tokens, n_mels = torch.tensor(N_TOKENS), torch.tensor(N_MELS)
    random = torch.Generator().manual_seed(5)
    tokens = torch.randint(20, (32, max(N_TOKENS)), generator=random)
    frames = torch.randint(1, 4, (32, 1, max(N_TOKENS)), generator=random).float()
    frames *= torch.arange(max(N_TOKENS)) < n_tokens[:, None, None]
    n_frames = frames.sum((1, 2)).int().tolist()
    mel, noise = 5 * normal(32, 12, max(N_MELS)), normal(32, 16, max(n_frames), seed=2)
    with torch.inference_mode():
        together = spoken(network, tokens, n_tokens, mel, n_mels, frames, noise)
        for row, (n, m, t) in enumerate(zip(N_TOKENS, N_MELS, n_frames, strict=True)):
            one = slice(row, row + 1)
            alone = spoken(
                network, tokens[one, :n], n_tokens[one], mel[one, :, :m], n_mels[one], frames[one, :, :n],
                noise[one, :, :t],
            )  # fmt: skip
            assert int(together.lengths[row]) == t
            assert snr_db(alone.semantic[0], together.semantic[row, :, :t]) > 80
            assert snr_db(alone.log_f0[0], together.log_f0[row, :, : 4 * t]) > 80
            assert not together.semantic[row, :, t:].any()
            assert not together.log_f0[row, :, 4 * t :].any()


def test_a_padded_batch_as_published_detects_its_padding():
    network = small_network()
    mel, lengths = normal(2, 12, 40), torch.tensor([40, 20])
    with torch.inference_mode():
        published = network.style(mel, lengths, legacy_padding=True)
        alone = network.style(mel[1:, :, :20], lengths[1:])
    assert snr_db(alone[0], published[1]) < 30


def test_symbols_last_for_their_frames():
    values, frames = normal(2, 3, 4), torch.tensor([[[2.0, 0, 1, 3]], [[0, 4, 0, 0]]])
    found = expand(values, frames, 6)
    for row in range(2):
        wanted = values[row].repeat_interleave(frames[row, 0].int(), dim=1)
        assert torch.equal(found[row, :, : wanted.shape[1]], wanted)
        assert not found[row, :, wanted.shape[1] :].any()


def test_frames_are_rounded_up_and_padding_has_none():
    log_durations = torch.log(torch.tensor([[[0.2, 1.0, 2.1, 9.0]]]))
    mask = torch.tensor([[[1.0, 1, 1, 0]]])
    assert ceil_durations(log_durations, mask, 1.0).tolist() == [[[1, 1, 3, 0]]]
    assert ceil_durations(log_durations, mask, 2.0).tolist() == [[[1, 2, 5, 0]]]


@pytest.mark.timeout(60)
def test_it_has_the_published_number_of_weights():
    with torch.device("meta"):
        network = TextToVector(TextToVectorConfig())
    # Folded into the weights here, counted beside them there: an entry for every first axis.
    normed = [*network.posterior_encoder.wavenet.modules(), *network.decoder.wavenet.modules()]
    normed += [*network.pitch.upsamples.modules(), *network.pitch.blocks.modules()]
    gains = sum(module.weight.shape[0] for module in normed if hasattr(module, "weight"))
    assert sum(value.numel() for value in network.parameters()) + gains == 108_542_704
