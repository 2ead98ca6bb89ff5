"""The way noise moves a style is learned, and where along it clean recordings lie."""

import numpy as np
import pytest
import torch

from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.recipes.style_denoiser import StyleDenoiserRecipe
from tests.tiny_lite import tiny_config


@pytest.mark.slow
def test_the_direction_and_the_clean_place_are_found(prepared: PreparedSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PreparedSet, "split", lambda self, _: self.utterances)
    torch.manual_seed(1)
    recipe = StyleDenoiserRecipe(
        prepared, tiny_config(), LiteNetworks(tiny_config()).requires_grad_(False), batch_size=2
    )
    network, rng = recipe.network, np.random.default_rng(0)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-1)
    before = recipe.validate(network)
    for _ in range(60):
        optimizer.zero_grad()
        torch.stack(list(recipe.losses(network, rng).values())).sum().backward()
        optimizer.step()
    after = recipe.validate(network)
    assert after == recipe.validate(network)
    assert after["direction"] < 0.5 * before["direction"]
    own, clean = torch.stack(recipe._held_out).unbind(1)
    part = network.style_denoiser
    assert (part.cleanness(clean) > part.cleanness(own)).float().mean() > 0.9
    assert abs(float(part.cleanness(clean).mean() - part.target)) < 0.3 * float(part.cleanness(clean - own).mean())
