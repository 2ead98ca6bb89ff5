import pytest
import torch
import torch.nn.functional as F
from transformers import Wav2Vec2Config, Wav2Vec2ForPreTraining, Wav2Vec2Model

from hierbatch.errors import BundleError
from hierbatch.models.hierspeechpp.content_encoder.config import ContentEncoderConfig
from hierbatch.models.hierspeechpp.content_encoder.model import ContentEncoder
from hierbatch.models.hierspeechpp.content_encoder.weights import load_content_encoder
from tests.models.among_others import LENGTHS, snr_db

SMALL = ContentEncoderConfig(
    n_layers=2, channels=16, wide_channels=24, n_heads=2, convolution_channels=8, position_kernel=8, position_groups=2
)


def whole_network(of=Wav2Vec2ForPreTraining):
    """What is published: more layers than are used, and what only pre-training needs."""
    config = Wav2Vec2Config(
        hidden_size=16, num_hidden_layers=4, num_attention_heads=2, intermediate_size=24, conv_dim=(8,) * 7,
        num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2, conv_bias=True, feat_extract_norm="layer",
        do_stable_layer_norm=True, num_codevectors_per_group=4, codevector_dim=8, proj_codevector_dim=8,
    )  # fmt: skip
    torch.manual_seed(0)
    network = of(config).eval()
    with torch.no_grad():
        for value in network.parameters():
            value.add_(0.2 * torch.randn_like(value))
    return network


@pytest.mark.parametrize("of", [Wav2Vec2ForPreTraining, Wav2Vec2Model])
def test_it_is_the_second_layer_of_the_whole_network(tmp_path, of):
    whole = whole_network(of)
    whole.save_pretrained(tmp_path)
    sound = torch.randn(1, 320 * 9)
    with torch.inference_mode():
        found = load_content_encoder(tmp_path, SMALL)(sound)
        heard = F.pad(sound, (40, 40), mode="reflect")
        network = whole.wav2vec2 if of is Wav2Vec2ForPreTraining else whole
        wanted = network(heard, output_hidden_states=True).hidden_states[2]
    assert found.shape == (1, 16, 9)
    assert torch.allclose(found, wanted.transpose(1, 2), rtol=0, atol=1e-5)
    assert wanted.std() > 0.1


def test_older_names_of_gain_and_direction_are_known(tmp_path):
    whole = whole_network(Wav2Vec2Model)
    whole.save_pretrained(tmp_path / "new")
    state = {
        name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): value
        for name, value in whole.state_dict().items()
    }
    assert any(name.endswith("weight_g") for name in state)
    torch.save(state, tmp_path / "old.bin")
    new, old = (load_content_encoder(tmp_path / name, SMALL).state_dict() for name in ("new", "old.bin"))
    assert all(torch.equal(value, old[name]) for name, value in new.items())


def test_a_row_among_31_others_is_the_row_alone():
    torch.manual_seed(1)
    encoder = ContentEncoder(SMALL).eval()
    lengths = torch.tensor(LENGTHS)
    sound = torch.randn(len(LENGTHS), 320 * max(LENGTHS))
    with torch.inference_mode():
        together = encoder(sound, lengths)
        for row, length in enumerate(lengths.tolist()):
            alone = encoder(sound[row : row + 1, : 320 * length])[0]
            assert snr_db(alone, together[row, :, :length]) > 80


def test_another_network_and_an_empty_folder_are_reported(tmp_path):
    with pytest.raises(BundleError, match="There is no content encoder"):
        load_content_encoder(tmp_path, SMALL)
    whole_network(Wav2Vec2Model).save_pretrained(tmp_path)
    with pytest.raises(BundleError, match=r"misshapen|missing"):
        load_content_encoder(tmp_path, ContentEncoderConfig(n_layers=5, channels=32, n_heads=2))
