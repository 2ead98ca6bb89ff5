import json

import pytest
import torch

from hierbatch.models.hierspeechpp.discriminators.config import DiscriminatorConfig, discriminators_16k
from hierbatch.models.hierspeechpp.discriminators.model import Discriminators
from hierbatch.models.hierspeechpp.discriminators.weights import NORMALIZED_LAYERS as OF_DISCRIMINATORS
from hierbatch.models.hierspeechpp.discriminators.weights import name_table as discriminator_names
from hierbatch.models.hierspeechpp.speechsr.config import speechsr_48k
from hierbatch.models.hierspeechpp.speechsr.model import SpeechSR
from hierbatch.models.hierspeechpp.speechsr.weights import NORMALIZED_LAYERS as OF_SPEECHSR
from hierbatch.models.hierspeechpp.speechsr.weights import name_table as speechsr_names
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from hierbatch.models.hierspeechpp.synthesizer.weights import NORMALIZED_LAYERS as OF_SYNTHESIZER
from hierbatch.models.hierspeechpp.synthesizer.weights import name_table as synthesizer_names
from hierbatch.models.hierspeechpp.text_to_vector.config import TextToVectorConfig
from hierbatch.models.hierspeechpp.text_to_vector.model import TextToVector
from hierbatch.models.hierspeechpp.text_to_vector.weights import NORMALIZED_LAYERS as OF_TTV
from hierbatch.models.hierspeechpp.text_to_vector.weights import name_table as ttv_names
from hierbatch.models.weights.checkpoint import Checkpoint, load_weights
from hierbatch.models.weights.published_names import publish_weights
from hierbatch.models.weights.weight_norm import add_weight_norm, fold_weight_norm, normalized_layers
from tests.models.golden_data import GOLDEN, golden
from tests.models.golden_rule import with_rule_weights
from tests.models.hierspeechpp.synthesizer.small import SMALL as SMALL_SYNTHESIZER
from tests.models.hierspeechpp.text_to_vector.small import SMALL as SMALL_TTV

FULL_SIZE = {
    "hier": (lambda: Synthesizer(SynthesizerConfig()), synthesizer_names(SynthesizerConfig()), OF_SYNTHESIZER),
    "ttv": (lambda: TextToVector(TextToVectorConfig()), ttv_names(), OF_TTV),
    "speechsr48k": (lambda: SpeechSR(speechsr_48k()), speechsr_names(), OF_SPEECHSR),
    "disc_hier": (
        lambda: Discriminators(discriminators_16k()), discriminator_names(discriminators_16k()), OF_DISCRIMINATORS
    ),
}  # fmt: skip
NARROW = DiscriminatorConfig(ffts_samples=(256, 128), spectrogram_channels=4, period_channels=(2, 3, 4, 4, 4))
SMALL = {
    "synthesizer": (lambda: Synthesizer(SMALL_SYNTHESIZER), synthesizer_names(SMALL_SYNTHESIZER), OF_SYNTHESIZER),
    "ttv": (lambda: TextToVector(SMALL_TTV), ttv_names(), OF_TTV),
    "discriminators": (lambda: Discriminators(NARROW), discriminator_names(NARROW), OF_DISCRIMINATORS),
}


@golden
@pytest.mark.parametrize("module", FULL_SIZE)
def test_exported_names_and_shapes_are_those_of_the_published_file(module):
    make, table, patterns = FULL_SIZE[module]
    with torch.device("meta"):
        network = make()
    keys = json.loads((GOLDEN / module / "keys.json").read_text())["keys"]
    exported = publish_weights(network.state_dict(), table, patterns)
    assert {name: list(value.shape) for name, value in exported.items()} == {name: shape for name, shape, *_ in keys}


@pytest.mark.parametrize("kind", SMALL)
def test_an_exported_network_is_imported_unchanged(kind):
    make, table, patterns = SMALL[kind]
    network, copy = with_rule_weights(make()), make()
    load_weights(copy, Checkpoint("export", "", publish_weights(network.state_dict(), table, patterns)), table)
    wanted = network.state_dict()
    for name, value in copy.state_dict().items():
        torch.testing.assert_close(value, wanted[name], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("kind", SMALL)
def test_gain_and_direction_are_the_ones_trained(kind):
    make, table, patterns = SMALL[kind]
    network = with_rule_weights(make())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    n_layers = len(normalized_layers(network, patterns))
    add_weight_norm(network, patterns)
    trained = network.state_dict()
    assert n_layers > 5
    assert sum(name.endswith("original0") for name in trained) == n_layers
    for name, value in fold_weight_norm(trained).items():
        torch.testing.assert_close(value, before[name], rtol=1e-6, atol=1e-7)
    exported = publish_weights(trained, table, patterns)
    gains = {name: value for name, value in exported.items() if name.endswith("weight_g")}
    assert len(gains) == n_layers
    assert all(torch.equal(gains[name], value) for name, value in gains.items())
    copy = make()
    load_weights(copy, Checkpoint("export", "", exported), table)
    for name, value in copy.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=1e-6, atol=1e-7)
