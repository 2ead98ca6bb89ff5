import torch

from hierbatch.models.hierspeechpp.text_to_vector.model import TextToVector
from hierbatch.models.hierspeechpp.text_to_vector.training import (
    SLICE_FRAMES,
    TrainingBatch,
    compute_losses,
    training_pass,
)
from tests.models.hierspeechpp.text_to_vector.small import SMALL, normal

N_FRAMES, N_TOKENS = 70, 13


def spoken_batch():
    mel = normal(2, 12, N_FRAMES)
    return TrainingBatch(
        semantic=mel.repeat(1, 2, 1),
        mel=mel,
        f0_hz=torch.full((2, 4 * N_FRAMES), 150.0),
        n_frames=torch.tensor([N_FRAMES, 65]),
        tokens=torch.randint(1, 20, (2, N_TOKENS), generator=torch.Generator().manual_seed(1)),
        n_tokens=torch.tensor([N_TOKENS, 9]),
        symbols=torch.randint(1, 20, (2, 6), generator=torch.Generator().manual_seed(2)),
        n_symbols=torch.tensor([6, 4]),
        slice_starts=torch.tensor([N_FRAMES - SLICE_FRAMES, 3]),
    )


def test_every_loss_falls():
    torch.manual_seed(0)
    network, batch = TextToVector(SMALL), spoken_batch()
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    history = []
    for step in range(25):
        found = training_pass(
            network, batch, latent_noise=normal(2, 16, N_FRAMES, seed=step), duration_noise=normal(2, 2, N_TOKENS)
        )
        losses = compute_losses(found, batch)
        optimizer.zero_grad()
        losses.total.backward()
        optimizer.step()
        history.append(losses)
    for name in ("semantic", "divergence", "pitch", "durations", "symbols"):
        assert getattr(history[-1], name).isfinite()
    assert history[-1].total < 0.7 * history[0].total
    assert history[-1].pitch < 0.8 * history[0].pitch
    assert history[-1].symbols < history[0].symbols


def test_every_frame_of_a_row_has_one_symbol_and_every_symbol_a_frame():
    torch.manual_seed(0)
    found = training_pass(
        TextToVector(SMALL).eval(),
        spoken_batch(),
        latent_noise=normal(2, 16, N_FRAMES),
        duration_noise=normal(2, 2, N_TOKENS),
    )
    assert found.alignment.sum(2).tolist() == [[1] * N_FRAMES, [1] * 65 + [0] * 5]
    assert (found.alignment.sum(1)[0] > 0).all()
    assert (found.alignment.sum(1)[1] > 0).tolist() == [True] * 9 + [False] * 4
