"""Weight names of published TTV checkpoints, and loading of such checkpoints."""

from __future__ import annotations

from hierbatch.models.hierspeechpp.blocks.flow import flow_names
from hierbatch.models.hierspeechpp.blocks.style import style_names
from hierbatch.models.hierspeechpp.blocks.transformer import transformer_names
from hierbatch.models.hierspeechpp.blocks.wavenet import wavenet_names
from hierbatch.models.hierspeechpp.text_to_vector.config import TextToVectorConfig
from hierbatch.models.hierspeechpp.text_to_vector.model import TextToVector
from hierbatch.models.weights.checkpoint import (
    Checkpoint,
    NameTable,
    Rename,
    load_weights,
    with_prefix,
)

_DILATED: NameTable = (
    Rename(r"convs_sep\.(.+)", r"depthwise.\1"),
    Rename(r"convs_1x1\.(.+)", r"pointwise.\1"),
    Rename(r"norms_1\.(\d+)\.gamma", r"depthwise_norms.\1.weight"),
    Rename(r"norms_1\.(\d+)\.beta", r"depthwise_norms.\1.bias"),
    Rename(r"norms_2\.(\d+)\.gamma", r"pointwise_norms.\1.weight"),
    Rename(r"norms_2\.(\d+)\.beta", r"pointwise_norms.\1.bias"),
)
NORMALIZED_LAYERS = (
    r"(?:posterior_encoder|decoder)\.wavenet\.(?:conditioning|gates\.\d+|residual_skip\.\d+)",
    r"pitch\.(?:upsamples\.\d+|blocks\.\d+\.\d+\.(?:dilated|plain)\.\d+)",
)
"""Patterns of the layers that are trained with weight norm."""
_N_SPLINES = 4
_N_PITCH_KERNELS = 3


def name_table() -> NameTable:
    """Name table of TTV."""
    return (
        *with_prefix("enc_q", "posterior_encoder", _projected_wavenet_names()),
        Rename(r"enc_p\.emb\.(.+)", r"text_encoder.embedding.\1"),
        Rename(r"enc_p\.cond\.(.+)", r"text_encoder.conditioning.\1"),
        *with_prefix(r"enc_p\.encoder", "text_encoder.first", transformer_names()),
        *with_prefix(r"enc_p\.encoder2", "text_encoder.second", transformer_names()),
        Rename(r"enc_p\.proj\.(.+)", r"text_encoder.output_projection.\1"),
        *with_prefix("flow", "flow", flow_names()),
        *with_prefix("w2v_decoder", "decoder", _projected_wavenet_names()),
        *with_prefix("emb_g", "style_encoder", style_names()),
        *with_prefix("dp", "durations", _duration_names()),
        *with_prefix("pp", "pitch", _pitch_names()),
        Rename(r"phoneme_classifier\.(.+)", r"symbol_classifier.\1"),
    )


def _projected_wavenet_names() -> NameTable:
    return (
        Rename(r"pre\.(.+)", r"input_projection.\1"),
        *with_prefix("enc", "wavenet", wavenet_names()),
        Rename(r"proj\.(.+)", r"output_projection.\1"),
    )


def _duration_names() -> NameTable:
    return (
        *with_prefix("flows", "flows", _spline_flow_names()),
        Rename(r"post_pre\.(.+)", r"posterior_input.\1"),
        Rename(r"post_proj\.(.+)", r"posterior_output.\1"),
        *with_prefix("post_convs", "posterior_convolutions", _DILATED),
        *with_prefix("post_flows", "posterior_flows", _spline_flow_names()),
        Rename(r"pre\.(.+)", r"input_projection.\1"),
        Rename(r"proj\.(.+)", r"output_projection.\1"),
        *with_prefix("convs", "convolutions", _DILATED),
        Rename(r"cond\.(.+)", r"conditioning.\1"),
    )


def _spline_flow_names() -> NameTable:
    """Name table of `SplineFlows`; the published numbering also counts the flips, which have no weights."""
    spline: NameTable = (
        Rename(r"pre\.(.+)", r"input_projection.\1"),
        *with_prefix("convs", "convolutions", _DILATED),
        Rename(r"proj\.(.+)", r"output_projection.\1"),
    )
    splines = [
        entry for index in range(_N_SPLINES) for entry in with_prefix(str(2 * index + 1), f"splines.{index}", spline)
    ]
    return (Rename(r"0\.m", "scale.shift"), Rename(r"0\.logs", "scale.log_scale"), *splines)


def _pitch_names() -> NameTable:
    """Name table of the pitch predictor, whose published blocks are numbered consecutively over all rates."""
    blocks = [
        Rename(
            rf"resblocks\.{n}\.{published}\.(.+)", rf"blocks.{n // _N_PITCH_KERNELS}.{n % _N_PITCH_KERNELS}.{name}.\1"
        )
        for n in range(2 * _N_PITCH_KERNELS)
        for published, name in (("convs1", "dilated"), ("convs2", "plain"))
    ]
    return (
        Rename(r"conv_pre\.(.+)", r"input_projection.\1"),
        Rename(r"ups\.(.+)", r"upsamples.\1"),
        *blocks,
        Rename(r"conv_post\.(.+)", r"output_projection.\1"),
        Rename(r"cond\.(.+)", r"conditioning.\1"),
    )


def text_to_vector_from(checkpoint: Checkpoint, config: TextToVectorConfig | None = None) -> TextToVector:
    """Create TTV with the weights of a checkpoint, in evaluation mode.

    Raises:
        BundleError: the weights do not fit TTV.
    """
    model = TextToVector(config or TextToVectorConfig())
    load_weights(model, checkpoint, name_table())
    return model.eval()
