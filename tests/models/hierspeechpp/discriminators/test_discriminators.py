import pytest
import torch

from hierbatch.models.hierspeechpp.discriminators.config import DiscriminatorConfig
from hierbatch.models.hierspeechpp.discriminators.losses import (
    discriminator_loss,
    feature_matching_loss,
    generator_loss,
)
from hierbatch.models.hierspeechpp.discriminators.model import DiscriminatorOutput, Discriminators
from tests.models.golden_rule import with_rule_weights

SMALL = DiscriminatorConfig(
    ffts_samples=(64, 32), spectrogram_channels=2, periods_samples=(2, 3), period_channels=(2, 3)
)


def judgements(*values):
    return [DiscriminatorOutput(torch.full((2, 3), value), (torch.full((2, 1, 4), 10 * value),)) for value in values]


def test_losses_are_what_the_formulas_say():
    recorded, made = judgements(1.0, 0.5), judgements(0.0, 0.5)
    assert float(discriminator_loss(recorded, made)) == pytest.approx(0 + 0.25 + 0 + 0.25)
    assert float(generator_loss(made)) == pytest.approx(1 + 0.25)
    assert float(feature_matching_loss(recorded, made)) == pytest.approx(10 + 0)


@pytest.mark.parametrize("n_samples", [64, 65, 331])
def test_every_discriminator_judges_a_sound_of_any_length(n_samples):
    found = Discriminators(SMALL)(torch.randn(2, 1, n_samples))
    assert len(found) == 4
    assert all(judgement.scores.shape[0] == 2 and judgement.scores.ndim == 2 for judgement in found)
    assert [len(judgement.features) for judgement in found] == [6, 6, 3, 3]


def test_training_separates_noise_from_a_tone_and_keeps_features_of_recordings():
    torch.manual_seed(0)
    model = with_rule_weights(Discriminators(SMALL))
    tone = torch.sin(torch.arange(512) * 0.3).expand(4, 1, -1)
    noise = torch.randn(4, 1, 512, requires_grad=True)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    losses = []
    for _ in range(60):
        loss = discriminator_loss(model(tone), model(noise.detach()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 3
    recorded = tone.clone().requires_grad_()
    feature_matching_loss(model(recorded), model(noise)).backward()
    assert recorded.grad is None
    assert noise.grad.abs().sum() > 0
