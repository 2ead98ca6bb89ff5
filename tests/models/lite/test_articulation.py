import pytest
import torch
import torch.nn.functional as F

from hierbatch.audio.spectrum import N_MELS, mel_centres_hz
from hierbatch.models.lite.articulation import keep_articulation

EVERY = torch.ones(1, 200, 1, dtype=torch.bool)
CENTRES_HZ = torch.from_numpy(mel_centres_hz()).float()


def formants(tract: float) -> torch.Tensor:
    """Two resonances moving as in speech, in a tract whose resonances lie at `tract` times the average's."""
    clock = torch.arange(200) / 100
    first, second = 500 + 250 * torch.sin(9 * clock), 1600 + 600 * torch.cos(7 * clock)
    log_hz = CENTRES_HZ.log()
    near = [torch.exp(-(((log_hz - (tract * hz).log()[:, None]) / 0.25) ** 2)) for hz in (first, second)]
    gate = 1 + 0.5 * torch.sign(torch.sin(5 * clock))[:, None]
    return ((near[0] + near[1]) * gate)[None]


def blurred(latent: torch.Tensor) -> torch.Tensor:
    """As regression leaves it: averaged over a fifth of a second."""
    kernel = torch.ones(1, 1, 21) / 21
    moved = F.pad(latent.transpose(1, 2), (10, 10), mode="replicate")
    return F.conv1d(moved, kernel.expand(N_MELS, 1, 21), groups=N_MELS).transpose(1, 2)


@pytest.mark.parametrize("tract", [0.85, 1.0, 1.18])
def test_blurred_features_are_restored_in_the_new_voice(tract: float) -> None:
    wanted, source = formants(1.0), formants(tract)
    latent = blurred(wanted)
    half, kept = (keep_articulation(latent, source, EVERY, share) for share in (0.5, 0.9))
    errors = [float((x - wanted)[:, :, :70].abs().mean()) for x in (latent, half, kept)]
    assert errors[2] < errors[1] < errors[0]
    assert errors[2] < 0.5 * errors[0]


def test_the_long_term_spectrum_of_the_source_is_left_behind() -> None:
    latent = blurred(formants(1.0))
    tilt = torch.linspace(-1.5, 1.5, N_MELS)
    torch.testing.assert_close(
        keep_articulation(latent, formants(1.0) + tilt, EVERY, 0.5).diff(dim=1),
        keep_articulation(latent, formants(1.0), EVERY, 0.5).diff(dim=1),
        atol=0.02,
        rtol=0.0,
    )


def test_harmonics_of_the_old_pitch_do_not_come_along() -> None:
    latent = formants(1.0)
    ripple = 0.5 * torch.cos(torch.arange(N_MELS) * torch.pi * 0.6) * torch.ones(1, 200, 1)
    ripple = ripple * torch.rand(1, 200, 1, generator=torch.Generator().manual_seed(0))
    kept = keep_articulation(latent, latent + ripple, EVERY, 1.0)
    assert float((kept - latent).abs().mean()) < 0.1 * float(ripple.abs().mean())


def test_no_share_no_change() -> None:
    latent = formants(1.0)
    assert keep_articulation(latent, formants(1.2), EVERY, 0.0) is latent


def test_padding_behind_a_row_is_not_audible() -> None:
    latent, source = formants(1.0), formants(1.2)
    alone = keep_articulation(latent[:, :150], source[:, :150], EVERY[:, :150], 0.6)
    mask = EVERY.clone()
    mask[:, 150:] = False
    together = keep_articulation(latent, source, mask, 0.6)
    torch.testing.assert_close(together[:, :150], alone)
