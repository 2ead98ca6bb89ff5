"""The published names of the denoiser's weights, and the network they make."""

from __future__ import annotations

from pathlib import Path

from hierbatch.models.checkpoint import Checkpoint, NameTable, Rename, load_weights, read_checkpoint, under
from hierbatch.models.denoiser.config import DenoiserConfig
from hierbatch.models.denoiser.model import Denoiser

_CONVOLUTION_NORM: NameTable = (
    Rename(r"0\.(.+)", r"convolution.\1"),
    Rename(r"1\.(.+)", r"norm.\1"),
    Rename(r"2\.(.+)", r"activation.\1"),
)
_CONFORMER: NameTable = (
    Rename(r"attn\.layernorm\.(.+)", r"attention.norm.\1"),
    Rename(r"attn\.attn\.in_proj_(.+)", r"attention.enter.\1"),
    Rename(r"attn\.attn\.out_proj\.(.+)", r"attention.leave.\1"),
    Rename(r"ccm\.ccm\.0\.(.+)", r"convolution.norm.\1"),
    Rename(r"ccm\.ccm\.2\.(.+)", r"convolution.widen.\1"),
    Rename(r"ccm\.ccm\.4\.(.+)", r"convolution.along.\1"),
    Rename(r"ccm\.ccm\.5\.(.+)", r"convolution.batch_norm.\1"),
    Rename(r"ccm\.ccm\.7\.(.+)", r"convolution.narrow.\1"),
    Rename(r"post_norm\.(.+)", r"norm.\1"),
)
_FEED_FORWARD: NameTable = (
    Rename(r"0\.(.+)", r"norm.\1"),
    Rename(r"1\.(.+)", r"widen.\1"),
    Rename(r"4\.(.+)", r"narrow.\1"),
)


def name_table() -> NameTable:
    """Every published name, in the order of the network."""
    conformer = (
        *under(r"ffm1\.ffm", "first_half", _FEED_FORWARD),
        *_CONFORMER,
        *under(r"ffm2\.ffm", "second_half", _FEED_FORWARD),
    )
    dense_block = under(r"dense_block\.dense_block\.(\d+)", r"layers.\1", _CONVOLUTION_NORM)
    return (
        *under(r"dense_encoder\.dense_conv_1", "enter", _CONVOLUTION_NORM),
        *under(r"dense_encoder", "encoder", dense_block),
        *under(r"dense_encoder\.dense_conv_2", "narrow", _CONVOLUTION_NORM),
        *under(r"TSConformer\.(\d+)\.time_conformer", r"blocks.\1.time", conformer),
        *under(r"TSConformer\.(\d+)\.freq_conformer", r"blocks.\1.frequency", conformer),
        *under(r"mask_decoder", "mask_decoder", dense_block),
        Rename(r"mask_decoder\.mask_conv\.0\.(.+)", r"mask_widen.\1"),
        Rename(r"mask_decoder\.mask_conv\.1\.(.+)", r"mask_narrow.convolution.\1"),
        Rename(r"mask_decoder\.mask_conv\.2\.(.+)", r"mask_narrow.norm.\1"),
        Rename(r"mask_decoder\.mask_conv\.3\.(.+)", r"mask_narrow.activation.\1"),
        Rename(r"mask_decoder\.mask_conv\.4\.(.+)", r"mask_leave.\1"),
        Rename(r"mask_decoder\.lsigmoid\.slope", "slope"),
        *under(r"phase_decoder", "phase_decoder", dense_block),
        *under(r"phase_decoder\.phase_conv", "phase_widen", _CONVOLUTION_NORM),
        Rename(r"phase_decoder\.phase_conv_r\.(.+)", r"phase_real.\1"),
        Rename(r"phase_decoder\.phase_conv_i\.(.+)", r"phase_imaginary.\1"),
    )


def denoiser_from(checkpoint: Checkpoint, config: DenoiserConfig | None = None) -> Denoiser:
    """The network with published weights, ready to run.

    Raises:
        BundleError: the weights are not the denoiser's.
    """
    model = Denoiser(config or DenoiserConfig())
    load_weights(model, checkpoint, name_table())
    return model.eval()


def load_denoiser(path: Path, config: DenoiserConfig | None = None) -> Denoiser:
    """The network with the weights of a published file, ready to run.

    Raises:
        BundleError: the file cannot be opened or its weights are not the denoiser's.
    """
    return denoiser_from(read_checkpoint(path), config)
