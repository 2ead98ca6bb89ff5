"""A style is moved along one direction to one place, and nowhere else."""

import torch

from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.style_denoiser import StyleDenoiser
from tests.tiny_lite import tiny_config


def learned() -> StyleDenoiser:
    torch.manual_seed(0)
    surroundings = StyleDenoiser(tiny_config())
    torch.nn.init.normal_(surroundings.direction)
    torch.nn.init.constant_(surroundings.target, 1.5)
    return surroundings.requires_grad_(False)


def test_what_has_learned_nothing_moves_nothing() -> None:
    styles = torch.randn(5, 16)
    assert torch.equal(StyleDenoiser(tiny_config())(styles, torch.ones(5)), styles)
    assert torch.equal(learned()(styles, torch.zeros(5)), styles)


def test_every_style_moves_to_one_place_and_keeps_the_orthogonal_part() -> None:
    surroundings, styles = learned(), torch.randn(5, 16)
    half, whole = surroundings(styles, torch.full((5,), 0.5)), surroundings(styles, torch.ones(5))
    torch.testing.assert_close(surroundings.cleanness(whole), torch.full((5,), 1.5))
    torch.testing.assert_close(half, (styles + whole) / 2)
    torch.testing.assert_close(surroundings.cleanness(surroundings(styles, torch.ones(5), 0.5)), torch.full((5,), 2.0))
    across = torch.linalg.qr(torch.cat([surroundings.direction[:, None], torch.randn(16, 15)], dim=1)).Q[:, 1:]
    torch.testing.assert_close(whole @ across, styles @ across, atol=1e-5, rtol=1e-5)


def test_a_model_from_before_moves_no_style() -> None:
    weights = {
        name: value for name, value in LiteNetworks(tiny_config()).state_dict().items() if "style_denoiser" not in name
    }
    networks, styles = LiteNetworks.from_weights(tiny_config(), weights), torch.randn(2, 16)
    assert torch.equal(networks.style_denoiser(styles, torch.ones(2)), styles)
