"""Validation of the synthesizer on held-out rows: copy synthesis, divergences, pitch, and synthesis from the prior.

The metric that predicts the quality of conversion is `prior mel`: the mel distance between the recording and its
synthesis from features and pitch through the prior and both reversed flows, in the row's own voice.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn

from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from hierbatch.models.hierspeechpp.synthesizer.training import SynthesizerInputs, training_pass
from hierbatch.training.hierspeechpp.figures import mean_figures
from hierbatch.training.trainer.recipe import Sample

_N_SAMPLES = 4


def validate_synthesizer(
    network: nn.Module, rows: Iterable[SynthesizerInputs], slice_frames: int, mel_loss: nn.Module
) -> dict[str, float]:
    """Mean metrics over held-out rows.

    Args:
        network: synthesizer in evaluation mode.
        rows: held-out rows, one per batch.
        slice_frames: length of the slices that the vocoder generates in training.
        mel_loss: module that computes the mean absolute error of log-mel spectrograms.
    """
    assert isinstance(network, Synthesizer)
    figures: list[dict[str, float]] = []
    for inputs in rows:
        found = training_pass(network, inputs, slice_frames)
        output = synthesize_from_prior(network, inputs, network.encode_style(inputs.style_mel, inputs.style_lengths))
        copied, _ = _copy(network, inputs, found.acoustic.mean)
        figures.append(
            {
                "mel": float(mel_loss(copied, inputs.sound)),
                "prior mel": float(mel_loss(output.sound[..., : inputs.sound.shape[-1]], inputs.sound)),
                "acoustic divergence": float(found.divergences.acoustic),
                "semantic divergence": float(found.divergences.semantic),
                **pitch_figures(output.log_f0[0, 0], inputs.f0_hz[0]),
            }
        )
    return mean_figures(figures)


def pitch_figures(log_f0: Tensor, f0_hz: Tensor) -> dict[str, float]:
    """Root-mean-square F0 error in cents over frames voiced in both contours, and F-score of voicing; NaN if undefined.

    Args:
        log_f0: predicted ln(F0 + 1).
        f0_hz: measured F0, 0 where unvoiced.

    Shape: log_f0, f0_hz [4 T].
    """
    predicted = torch.expm1(log_f0.float())
    is_voiced, is_predicted = f0_hz > 0, predicted > 55
    both = is_voiced & is_predicted
    cents = 1200 * torch.log2(predicted[both] / f0_hz[both])
    n_marked = int(is_voiced.sum()) + int(is_predicted.sum())
    return {
        "pitch error cents": float(cents.square().mean().sqrt()) if bool(both.any()) else float("nan"),
        "voicing F-score": 2 * int(both.sum()) / n_marked if n_marked else float("nan"),
    }


def convert_to_samples(
    network: nn.Module, held_out: Iterable[SynthesizerInputs], rate_hz: int, mel: nn.Module
) -> list[Sample]:
    """Convert held-out recordings, each to its own voice and to the voice of the next row.

    Args:
        network: synthesizer in evaluation mode.
        held_out: held-out rows, one per batch; the first four are converted.
        rate_hz: sampling rate of the network.
        mel: module that computes log-mel spectrograms of sound at 16 kHz, for the pictures.
    """
    assert isinstance(network, Synthesizer)
    rows = list(islice(held_out, _N_SAMPLES))
    styles = [network.encode_style(row.style_mel, row.style_lengths) for row in rows]
    samples: list[Sample] = []
    for number, row in enumerate(rows):
        for name, style in (("own", styles[number]), ("other", styles[(number + 1) % len(rows)])):
            sound = synthesize_from_prior(network, row, style).sound[0, 0].float().cpu()
            narrow = resample(Waveform(sound.numpy(), rate_hz), RATE_HZ).samples
            picture = mel(torch.from_numpy(narrow)[None].to(row.sound.device))[0].cpu().numpy()
            samples.append(
                Sample(
                    name=f"row{number}-{name}-voice",
                    samples=sound.numpy(),
                    rate_hz=rate_hz,
                    mel=picture,
                )
            )
    return samples


def synthesize_from_prior(network: Synthesizer, inputs: SynthesizerInputs, style: Tensor) -> Any:
    """Synthesize from unperturbed features and recorded pitch, in a given voice; the latent is the mean of the prior.

    Args:
        network: the synthesizer.
        inputs: inputs of one row.
        style: style vector.

    Shape:
        style  [1, S]  S style channels
    """
    log_f0 = torch.log1p(inputs.f0_hz)[:, None]
    return network(inputs.semantic, log_f0, inputs.lengths, style, inputs.noise[2], noise_scale=0.0)


def _copy(network: Synthesizer, inputs: SynthesizerInputs, latent: Tensor) -> tuple[Tensor, Tensor]:
    """Generate the sound and log F0 of an acoustic latent."""
    style = network.encode_style(inputs.style_mel, inputs.style_lengths)
    excitation, log_f0 = network.source(latent, inputs.lengths, style)
    return network.waveform(latent, excitation, inputs.lengths, style), log_f0
