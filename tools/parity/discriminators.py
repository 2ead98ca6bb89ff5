"""Golden checks of the discriminators: scores and features of real and generated audio, and the losses."""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch
from torch import Tensor

from hierbatch.models.hierspeechpp.discriminators.config import discriminators_16k, discriminators_48k
from hierbatch.models.hierspeechpp.discriminators.losses import (
    discriminator_loss,
    feature_matching_loss,
    generator_loss,
)
from hierbatch.models.hierspeechpp.discriminators.model import DiscriminatorOutput, Discriminators
from hierbatch.models.hierspeechpp.discriminators.weights import discriminators_from
from hierbatch.models.weights.checkpoint import Checkpoint
from tools.parity.comparison import CaseResult, GoldenNetworks, Make, OutputCheck, read_arrays
from tools.parity.golden import GoldenCase

_SCORE_TOLERANCE = 1e-5
_FEATURE_TOLERANCE = 1e-5
_LOSS_TOLERANCE = 1e-4
_FEATURE_MATCHING_WEIGHT = 2.0
"""Weight that is included in the stored loss."""


def check_discriminators(case: GoldenCase, networks: GoldenNetworks) -> CaseResult:
    """Compare scores, feature statistics and losses of a pair of signals, on rule weights."""
    scores = {name: "B N" + name.rstrip("0123456789")[-1] + re.sub(r"\D", "", name) for name in _score_names(case)}
    losses = ("out_feature_matching_x2", "out_lsgan_g", "out_lsgan_d")
    statistics = dict.fromkeys(("out_fmap_stats_real", "out_fmap_stats_fake"), "K 5")
    shapes = {"in_y": "B 1 L", "in_y_hat": "B 1 L"} | scores | statistics | dict.fromkeys(losses, "")
    arrays = read_arrays(case, shapes)
    model = networks.with_rule_weights(case.module, _maker(case.module))
    real, fake = model(arrays["in_y"]), model(arrays["in_y_hat"])
    found = {f"out_real{index}": judgement.scores for index, judgement in enumerate(real)}
    found |= {f"out_fake{index}": judgement.scores for index, judgement in enumerate(fake)}
    checks = [OutputCheck(name, found.get(name, torch.empty(0)), arrays[name], _SCORE_TOLERANCE) for name in scores]
    for kind, judgements in (("real", real), ("fake", fake)):
        name = f"out_fmap_stats_{kind}"
        checks.append(OutputCheck(name, _statistics(judgements), arrays[name], _FEATURE_TOLERANCE))
    found_losses = (
        _FEATURE_MATCHING_WEIGHT * feature_matching_loss(real, fake),
        generator_loss(fake),
        discriminator_loss(real, fake),
    )
    checks += [
        OutputCheck(name, loss, arrays[name], _LOSS_TOLERANCE) for name, loss in zip(losses, found_losses, strict=True)
    ]
    return checks


def _score_names(case: GoldenCase) -> list[str]:
    return [name for name in case.arrays() if re.fullmatch(r"out_(real|fake)\d+", name)]


def _statistics(judgements: Sequence[DiscriminatorOutput]) -> Tensor:
    """Mean, standard deviation, largest magnitude, height and width of every feature map. Shape: [K, 5]."""
    features = [feature for judgement in judgements for feature in judgement.features]
    rows = [
        [float(x.mean()), float(x.std()), float(x.abs().max()), float(x.shape[2]), float(x.shape[3])] for x in features
    ]
    return torch.tensor(rows)


def _maker(module: str) -> Make[Discriminators]:
    config = discriminators_48k() if module == "disc_sr48" else discriminators_16k()

    def make(checkpoint: Checkpoint) -> Discriminators:
        return discriminators_from(checkpoint, config)

    return make
