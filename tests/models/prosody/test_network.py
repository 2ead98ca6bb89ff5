"""Prosody network: an exact flow, independent rows, and a distribution instead of a mean."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hierbatch.models.prosody.config import N_VALUES, ProsodyConfig
from hierbatch.models.prosody.gaussian import Gaussian
from hierbatch.models.prosody.network import FREE_NATS, ProsodyNetwork, ProsodyNoise, WordBatch

CONFIG = ProsodyConfig(text_channels=6, style_channels=4, width=16, context_blocks=1, latent_blocks=1, n_couplings=3)


def network_of(seed: int = 0) -> ProsodyNetwork:
    torch.manual_seed(seed)
    network = ProsodyNetwork(CONFIG)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return network.eval()


def words_of(*lengths: int, seed: int = 1) -> WordBatch:
    torch.manual_seed(seed)
    return WordBatch(
        torch.randn(len(lengths), max(lengths), CONFIG.text_channels),
        torch.tensor(lengths),
        torch.randn(len(lengths), CONFIG.style_channels),
    )


def noise_of(batch: WordBatch, seed: int = 2) -> ProsodyNoise:
    generator = torch.Generator().manual_seed(seed)
    n_rows, n_words = batch.text.shape[:2]

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    return ProsodyNoise(
        draw(n_rows, CONFIG.utterance_channels),
        draw(n_rows, n_words, CONFIG.word_channels),
        draw(n_rows, n_words, N_VALUES),
    )


def test_a_coupling_is_inverted_and_its_determinant_is_that_of_its_jacobian() -> None:
    coupling, mask = network_of().couplings[0], torch.ones(1, 1, 1, dtype=torch.bool)
    condition = torch.randn(1, 1, CONFIG.width + CONFIG.utterance_channels + CONFIG.word_channels)
    x = torch.randn(1, 1, N_VALUES)
    z, log_determinant = coupling(x, condition, mask)
    torch.testing.assert_close(coupling.reverse(z, condition, mask), x)
    jacobian = torch.autograd.functional.jacobian(lambda x: coupling(x, condition, mask)[0], x)
    found = torch.linalg.slogdet(jacobian.reshape(N_VALUES, N_VALUES)).logabsdet
    torch.testing.assert_close(log_determinant[0, 0], found, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_a_row_is_independent_of_its_batch() -> None:
    network, batch = network_of(), words_of(3, 7)
    noise = noise_of(batch)
    both = network(batch, noise)
    alone = network(
        WordBatch(batch.text[:1, :3], batch.lengths[:1], batch.style[:1]),
        ProsodyNoise(noise.utterance[:1], noise.words[:1, :3], noise.values[:1, :3]),
    )
    torch.testing.assert_close(both[:1, :3], alone)
    assert not both[0, 3:].any()


def test_divergences_are_those_of_torch() -> None:
    torch.manual_seed(0)
    one, other = (Gaussian.split(torch.randn(5, 8)) for _ in range(2))
    expected = torch.distributions.kl_divergence(
        *(torch.distributions.Normal(x.mean, x.log_scale.exp()) for x in (one, other))
    )
    torch.testing.assert_close(one.divergence(other), expected.sum(-1))


def test_samples_spread_as_the_data_does_where_a_regression_would_average() -> None:
    """Each sentence goes up or down as a whole, which its text does not determine."""
    torch.manual_seed(0)
    network = ProsodyNetwork(CONFIG)
    optimizer = torch.optim.Adam(network.parameters(), lr=6e-3)
    batch = WordBatch(
        torch.randn(1, 6, CONFIG.text_channels).expand(32, -1, -1), torch.full((32,), 6), torch.zeros(32, 4)
    )
    for step in range(90):
        direction = torch.sign(torch.randn(32, 1, 1))
        values = direction + 0.1 * torch.randn(32, 6, N_VALUES)
        loss = network.terms(batch, values, noise_of(batch, step), free_nats=FREE_NATS).total
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        sampled = network.eval()(batch, noise_of(batch, 1000)).numpy()
    assert 0.75 < sampled.std() / values.numpy().std() < 1.25
    means = sampled.mean((1, 2))
    assert np.std(means) > 0.6, "the words of a sentence go the same way"
