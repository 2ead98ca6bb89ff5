"""Checkpoints of the published SpeechSR as its authors lay them out: names, weight norm, constants; weights random."""

import torch

from hierbatch.models.hierspeechpp.blocks.anti_aliased import kaiser_sinc


def speechsr_checkpoint(seed=0):
    """Every published name and shape, in a state dict."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(shape, generator=generator) * 0.1

    def convolution(name, out, into, kernel):
        weight = normal(out, into, kernel)
        return {
            f"{name}.bias": normal(out),
            f"{name}.weight_g": torch.linalg.vector_norm(weight, dim=(1, 2), keepdim=True),
            f"{name}.weight_v": weight,
        }

    def snake(name):
        taps = kaiser_sinc()[None, None]
        return {
            f"{name}.act.alpha": normal(32),
            f"{name}.act.beta": normal(32),
            f"{name}.upsample.filter": taps.clone(),
            f"{name}.downsample.lowpass.filter": taps.clone(),
        }

    weights = convolution("dec.conv_pre", 32, 1, 7)
    for block, kernel in enumerate((3, 7, 11)):
        for kind in ("convs1", "convs2"):
            for index in range(3):
                weights |= convolution(f"dec.resblocks.{block}.{kind}.{index}", 32, 32, kernel)
        for index in range(6):
            weights |= snake(f"dec.resblocks.{block}.activations.{index}")
    weights |= snake("dec.activation_post")
    weights["dec.conv_post.weight"] = normal(1, 32, 7)
    return weights
