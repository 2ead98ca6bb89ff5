"""One whole step of the synthesizer against losses computed in NumPy and by a plain implementation."""

import numpy as np
import pytest
import torch
from scipy.stats import norm

from hierbatch.errors import InputError
from hierbatch.models.hierspeechpp.discriminators.config import DiscriminatorConfig
from hierbatch.models.hierspeechpp.discriminators.weights import NORMALIZED_LAYERS as NORMALIZED_DISCRIMINATORS
from hierbatch.models.hierspeechpp.discriminators.weights import name_table as discriminator_names
from hierbatch.models.hierspeechpp.synthesizer.training import slice_rows, training_pass
from hierbatch.models.hierspeechpp.synthesizer.weights import NORMALIZED_LAYERS, name_table
from hierbatch.models.weights.published_names import publish_weights
from hierbatch.training.hierspeechpp.synthesizer import SynthesizerRecipe
from hierbatch.training.hierspeechpp.synthesizer_config import SynthesizerLossWeights, SynthesizerTraining
from tests.loading import load_script
from tests.models.golden_rule import with_rule_weights
from tests.training.hierspeechpp.made_speech import MadeSpeech
from tests.training.hierspeechpp.tiny import synthesizer_network, synthesizer_training

load_script("benchmarks/plain_weights.py")
PLAIN = load_script("benchmarks/plain_discriminators.py")
CONVERSION = load_script("benchmarks/plain_conversion.py")
ALL_PERIODS = DiscriminatorConfig(ffts_samples=(512, 128), spectrogram_channels=4, period_channels=(2, 2, 4, 4, 4))


def plain_weights(network, table, patterns):
    return PLAIN.PlainWeights(publish_weights(network.state_dict(), table, patterns), "")


@pytest.fixture(scope="module")
def step():
    config = synthesizer_training(discriminators=ALL_PERIODS, null_style_share=0.5)
    recipe = SynthesizerRecipe(config, MadeSpeech())
    for network in recipe.networks.values():
        with_rule_weights(network).eval()
    batch = recipe.batch(0, 0, 1)
    with torch.no_grad():
        return recipe, batch, training_pass(recipe.networks["generator"], batch.inputs, config.slice_frames)


def divergence(transformed, source, target, lengths):
    """Negative entropy of the source less the log likelihood under the target, per valid frame."""
    total = 0.0
    for row, length in enumerate(lengths):
        z, s = (x[row, :, :length].double().numpy() for x in (transformed, source.log_scale))
        mean, log_scale = (x[row, :, :length].double().numpy() for x in (target.mean, target.log_scale))
        total += float((-norm.entropy(scale=np.exp(s)) - norm.logpdf(z, mean, np.exp(log_scale))).sum())
    return total / sum(lengths)


def test_the_divergences_are_those_of_the_densities(step):
    recipe, batch, found = step
    network, inputs = recipe.networks["generator"], batch.inputs
    lengths = inputs.lengths.tolist()
    mask = (torch.arange(inputs.mel.shape[-1]) < inputs.lengths[:, None])[:, None].float()
    weights = plain_weights(network, name_table(recipe.config.network), NORMALIZED_LAYERS)
    with torch.no_grad():
        style = network.encode_style(inputs.style_mel, inputs.style_lengths)
        upward = network.acoustic_flow(found.acoustic.sample, mask, style)
        lower = network.semantic_flow(found.semantic.sample, mask, style)
        back = [[CONVERSION._flow_back(weights, flow, latent.sample[row : row + 1, :, :n], style[row : row + 1])
                 for row, n in enumerate(lengths)]
                for flow, latent in (("flow", found.semantic), ("flow_l", found.prior))]  # fmt: skip
    padded = [torch.cat([torch.nn.functional.pad(x, (0, max(lengths) - x.shape[-1])) for x in rows]) for rows in back]
    reverse = divergence(padded[0], found.semantic, found.acoustic, lengths)
    reverse += divergence(padded[1], found.prior, found.semantic, lengths)
    divergences = found.divergences
    assert float(divergences.acoustic) == pytest.approx(
        divergence(upward, found.acoustic, found.semantic, lengths), rel=1e-5
    )
    assert float(divergences.semantic) == pytest.approx(
        divergence(lower, found.semantic, found.prior, lengths), rel=1e-5
    )
    assert float(divergences.reverse) == pytest.approx(reverse, rel=1e-4)


def test_the_other_losses_are_those_of_the_definitions(step):
    recipe, batch, found = step
    inputs, n = batch.inputs, recipe.config.slice_frames
    with torch.no_grad():
        losses = {**recipe.losses("discriminators", batch), **recipe.losses("generator", batch)}
    starts = inputs.slice_starts.tolist()
    sounds = [(found.sound[row, 0].double().numpy(), inputs.sound[row, 0, 320 * s : 320 * (s + n)].double().numpy())
              for row, s in enumerate(starts)]  # fmt: skip
    mel = np.mean([np.abs(PLAIN.style_mel(made) - PLAIN.style_mel(real)) for made, real in sounds])
    assert float(losses["mel"]) == pytest.approx(45 * mel, rel=1e-4)
    real_f0 = np.stack(
        [np.log(inputs.f0_hz[row, 4 * s : 4 * (s + n)].double().numpy() + 1) for row, s in enumerate(starts)]
    )
    pitch = np.abs(found.log_f0[:, 0].double().numpy() - real_f0).mean()
    assert float(losses["pitch"]) == pytest.approx(45 * pitch, rel=1e-5)
    errors = [np.abs(found.prosody[row, :, :length].numpy() - inputs.mel[row, :20, :length].numpy()).ravel()
              for row, length in enumerate(inputs.lengths.tolist())]  # fmt: skip
    assert float(losses["prosody"]) == pytest.approx(45 * np.concatenate(errors).mean(), rel=1e-5)
    assert float(losses["reverse divergence"]) == pytest.approx(0.5 * float(found.divergences.reverse), rel=1e-5)
    assert float(losses["acoustic divergence"]) == pytest.approx(float(found.divergences.acoustic), rel=1e-5)


def test_the_adversarial_losses_are_those_of_the_plain_discriminators(step):
    recipe, batch, found = step
    weights = plain_weights(
        recipe.networks["discriminators"], discriminator_names(ALL_PERIODS), NORMALIZED_DISCRIMINATORS
    )
    with torch.no_grad():
        losses = {**recipe.losses("discriminators", batch), **recipe.losses("generator", batch)}
        real, made = (PLAIN.discriminate(weights, x, ALL_PERIODS.ffts_samples) for x in (found.real_sound, found.sound))
    scores = [(r.double().numpy(), m.double().numpy()) for (r, _), (m, _) in zip(real, made, strict=True)]
    assert float(losses["discriminators"]) == pytest.approx(
        sum(((1 - r) ** 2).mean() + (m**2).mean() for r, m in scores), rel=1e-4
    )
    assert float(losses["adversarial"]) == pytest.approx(sum(((1 - m) ** 2).mean() for _, m in scores), rel=1e-4)
    layers = [(a, b) for (_, r), (_, m) in zip(real, made, strict=True) for a, b in zip(r, m, strict=True)]
    features = sum(float((a - b).abs().double().mean()) for a, b in layers)
    assert float(losses["features"]) == pytest.approx(2 * features, rel=1e-4)


def test_losses_and_gradients_of_parts_add_up_to_those_of_the_batch():
    recipe = SynthesizerRecipe(synthesizer_training(dropout=0.0, batch_rows=5), MadeSpeech())
    found = []
    for n_parts in (1, 3):
        for network in recipe.networks.values():
            network.zero_grad()
        totals = {}
        for index in range(n_parts):
            batch = recipe.batch(4, index, n_parts)
            for optimizer in ("discriminators", "generator"):
                losses = recipe.losses(optimizer, batch)
                sum(losses.values()).backward()
                for name, value in losses.items():
                    totals[name] = totals.get(name, 0) + float(value.detach())
        gradients = {f"{n}.{k}": w.grad for n, m in recipe.networks.items() for k, w in m.named_parameters()}
        found.append((totals, {k: torch.zeros(1) if g is None else g.clone() for k, g in gradients.items()}))
    (whole, whole_gradients), (parts, part_gradients) = found
    assert whole == pytest.approx(parts, rel=1e-4)
    for name, gradient in whole_gradients.items():
        torch.testing.assert_close(
            part_gradients[name], gradient, rtol=1e-3, atol=1e-4 * max(1, float(gradient.abs().max()))
        )


def test_neither_network_gets_the_gradient_of_the_other():
    recipe = SynthesizerRecipe(synthesizer_training(), MadeSpeech())
    batch = recipe.batch(0, 0, 1)
    for optimizer, other in (("discriminators", "generator"), ("generator", "discriminators")):
        for network in recipe.networks.values():
            network.zero_grad()
        sum(recipe.losses(optimizer, batch).values()).backward()
        assert all(w.grad is None or not w.grad.any() for w in recipe.networks[other].parameters())
        # The null style is used by a share of the rows.
        assert all(w.grad is not None for n, w in recipe.networks[optimizer].named_parameters() if n != "null_style")


def test_the_gradients_are_right():
    config = synthesizer_training(
        network=synthesizer_network(channels=4, style_channels=4, wide_channels=4, n_layers=1, waveform_channels=32,
                                    source_channels=4, analysis_channels=1, semantic_channels=4, dilations=(1,)),
        dropout=0.0,
    )  # fmt: skip
    recipe = SynthesizerRecipe(config, MadeSpeech(channels=4, n_frames=(12, 16)))
    network = with_rule_weights(recipe.networks["generator"]).double().eval()
    inputs = recipe.inputs(recipe.data.positions(0)[:1], 16, 16)
    values = {n: getattr(inputs, n) for n in inputs.__slots__}
    doubles = type(inputs)(**{n: v.double() if v.is_floating_point() else v for n, v in values.items()})

    def total(semantic, perturbed, sound):
        replaced = {n: getattr(doubles, n) for n in doubles.__slots__}
        replaced |= {"semantic": semantic, "perturbed_semantic": perturbed, "sound": sound}
        found = training_pass(network, type(inputs)(**replaced), 4)
        return found.sound[:, :, ::97].square().sum() + found.log_f0.sum() + found.prosody.sum()

    variables = [x.clone().requires_grad_() for x in (doubles.semantic, doubles.perturbed_semantic, doubles.sound)]
    gradients = torch.autograd.grad(total(*variables), variables, allow_unused=True)
    generator = torch.Generator().manual_seed(1)
    for index in (0, 2):
        direction = torch.randn(variables[index].shape, generator=generator, dtype=torch.float64)
        moved = [
            [v.detach() + (sign * 1e-6 * direction if i == index else 0) for i, v in enumerate(variables)]
            for sign in (1, -1)
        ]
        numeric = (total(*moved[0]) - total(*moved[1])) / 2e-6
        assert float((gradients[index] * direction).sum()) == pytest.approx(float(numeric.detach()), rel=1e-5)


def test_slices_read_zeros_past_the_end():
    x = torch.arange(12.0).reshape(2, 1, 6)
    assert slice_rows(x, torch.tensor([4, 0]), 3).tolist() == [[[4, 5, 0]], [[6, 7, 8]]]


def test_reserved_losses_and_unfit_rates_are_refused():
    with pytest.raises(InputError, match="reserved"):
        SynthesizerLossWeights(mixup=1.0)
    with pytest.raises(InputError, match="product 960"):
        SynthesizerTraining(rate_hz=48_000)
