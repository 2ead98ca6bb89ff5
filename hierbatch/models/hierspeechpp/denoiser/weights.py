"""Weight names of published denoiser checkpoints, and loading of such checkpoints."""

from __future__ import annotations

from pathlib import Path

from hierbatch.models.hierspeechpp.denoiser.config import DenoiserConfig
from hierbatch.models.hierspeechpp.denoiser.model import Denoiser
from hierbatch.models.weights.checkpoint import (
    Checkpoint,
    NameTable,
    Rename,
    load_weights,
    read_checkpoint,
    with_prefix,
)

_CONVOLUTION_NORM: NameTable = (
    Rename(r"0\.(.+)", r"convolution.\1"),
    Rename(r"1\.(.+)", r"norm.\1"),
    Rename(r"2\.(.+)", r"activation.\1"),
)
_CONFORMER: NameTable = (
    Rename(r"attn\.layernorm\.(.+)", r"attention.norm.\1"),
    Rename(r"attn\.attn\.in_proj_(.+)", r"attention.input_projection.\1"),
    Rename(r"attn\.attn\.out_proj\.(.+)", r"attention.output_projection.\1"),
    Rename(r"ccm\.ccm\.0\.(.+)", r"convolution.norm.\1"),
    Rename(r"ccm\.ccm\.2\.(.+)", r"convolution.widen.\1"),
    Rename(r"ccm\.ccm\.4\.(.+)", r"convolution.depthwise.\1"),
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
    """Name table of the denoiser, in the order of its layers."""
    conformer = (
        *with_prefix(r"ffm1\.ffm", "first_half", _FEED_FORWARD),
        *_CONFORMER,
        *with_prefix(r"ffm2\.ffm", "second_half", _FEED_FORWARD),
    )
    dense_block = with_prefix(r"dense_block\.dense_block\.(\d+)", r"layers.\1", _CONVOLUTION_NORM)
    return (
        *with_prefix(r"dense_encoder\.dense_conv_1", "input_projection", _CONVOLUTION_NORM),
        *with_prefix(r"dense_encoder", "encoder", dense_block),
        *with_prefix(r"dense_encoder\.dense_conv_2", "narrow", _CONVOLUTION_NORM),
        *with_prefix(r"TSConformer\.(\d+)\.time_conformer", r"blocks.\1.time", conformer),
        *with_prefix(r"TSConformer\.(\d+)\.freq_conformer", r"blocks.\1.frequency", conformer),
        *with_prefix(r"mask_decoder", "mask_decoder", dense_block),
        Rename(r"mask_decoder\.mask_conv\.0\.(.+)", r"mask_widen.\1"),
        Rename(r"mask_decoder\.mask_conv\.1\.(.+)", r"mask_narrow.convolution.\1"),
        Rename(r"mask_decoder\.mask_conv\.2\.(.+)", r"mask_narrow.norm.\1"),
        Rename(r"mask_decoder\.mask_conv\.3\.(.+)", r"mask_narrow.activation.\1"),
        Rename(r"mask_decoder\.mask_conv\.4\.(.+)", r"mask_output.\1"),
        Rename(r"mask_decoder\.lsigmoid\.slope", "slope"),
        *with_prefix(r"phase_decoder", "phase_decoder", dense_block),
        *with_prefix(r"phase_decoder\.phase_conv", "phase_widen", _CONVOLUTION_NORM),
        Rename(r"phase_decoder\.phase_conv_r\.(.+)", r"phase_real.\1"),
        Rename(r"phase_decoder\.phase_conv_i\.(.+)", r"phase_imaginary.\1"),
    )


def denoiser_from(checkpoint: Checkpoint, config: DenoiserConfig | None = None) -> Denoiser:
    """Create the denoiser with the weights of a checkpoint, in evaluation mode.

    Raises:
        BundleError: the weights do not fit the denoiser.
    """
    model = Denoiser(config or DenoiserConfig())
    load_weights(model, checkpoint, name_table())
    return model.eval()


def load_denoiser(path: Path, config: DenoiserConfig | None = None) -> Denoiser:
    """Load the denoiser from a checkpoint file, in evaluation mode.

    Raises:
        BundleError: the file cannot be opened, or its weights do not fit the denoiser.
    """
    return denoiser_from(read_checkpoint(path), config)
