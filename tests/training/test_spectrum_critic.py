"""The critic tells made spectra from recorded ones, and each side learns only by its own loss."""

import torch

from hierbatch.training.spectrum_critic import SpectrumCritic, critic_loss, persuasion_losses


def test_each_side_learns_by_its_own_loss() -> None:
    torch.manual_seed(0)
    critic, recorded = SpectrumCritic(), torch.randn(3, 32, 80)
    made = torch.randn(5, 32, 80, requires_grad=True)
    critic_loss(critic, recorded, made).backward()
    assert made.grad is None
    assert all(weight.grad is not None for weight in critic.parameters())
    critic.zero_grad(set_to_none=True)
    torch.stack(persuasion_losses(critic, recorded, made)).sum().backward()
    assert made.grad is not None
    assert made.grad.any()
    assert all(weight.grad is None for weight in critic.parameters())


def test_rows_without_a_recording_are_not_asked_to_be_like_one() -> None:
    torch.manual_seed(0)
    critic, recorded = SpectrumCritic(), torch.randn(2, 32, 80)
    made = torch.cat([recorded, torch.randn(2, 32, 80)]).requires_grad_()
    _, unlike = persuasion_losses(critic, recorded, made)
    assert float(unlike.detach()) == 0.0
    (grad,) = torch.autograd.grad(unlike, made)
    assert not grad[2:].any()


def test_it_learns_to_tell_smoothed_from_sharp() -> None:
    torch.manual_seed(0)
    critic = SpectrumCritic()
    optimizer = torch.optim.Adam(critic.parameters(), lr=2e-3)

    def spectra() -> tuple[torch.Tensor, torch.Tensor]:
        sharp = torch.randn(8, 32, 80)
        smoothed = torch.nn.functional.avg_pool1d(sharp.transpose(1, 2), 5, 1, padding=2).transpose(1, 2)
        return sharp, smoothed

    for _ in range(30):
        loss = critic_loss(critic, *spectra())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        sharp, smoothed = (critic(x)[0].mean() for x in spectra())
    assert sharp - smoothed > 0.5
