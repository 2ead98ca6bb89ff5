from dataclasses import replace

import pytest
import torch

from hierbatch.models.hierspeechpp.speechsr.config import speechsr_24k, speechsr_48k
from hierbatch.models.hierspeechpp.speechsr.model import SpeechSR
from tests.models.among_others import LENGTHS, snr_db
from tests.models.golden_rule import with_rule_weights

CONFIGS = [pytest.param(speechsr_24k(), id="24k"), pytest.param(speechsr_48k(), id="48k")]


@pytest.mark.parametrize("config", CONFIGS)
def test_a_row_among_31_others_is_the_row_alone(config):
    model = with_rule_weights(SpeechSR(replace(config, channels=8)).eval())  # as many as are needed to mix rows up
    lengths = torch.tensor([1 + 37 * (length - 1) for length in LENGTHS])
    sound = torch.randn(len(lengths), 1, int(lengths.max()), generator=torch.Generator().manual_seed(4)) * 0.3
    with torch.inference_mode():
        together = model(sound, lengths)
        for row, length in enumerate(lengths.tolist()):
            alone = model(sound[row : row + 1, :, :length])[0]
            n_samples = int(length * config.ratio)
            assert alone.shape == (1, n_samples)
            assert snr_db(alone, together[row, :, :n_samples]) > 100
            assert not together[row, :, n_samples:].any()


@pytest.mark.parametrize("config", CONFIGS)
def test_it_has_the_published_number_of_weights(config):
    convolutions_and_snakes = sum(value.numel() for value in SpeechSR(config).parameters())
    gains = 32 * (1 + 3 * 6)  # folded into the weights here, counted beside them there
    assert convolutions_and_snakes + gains == 131_904
