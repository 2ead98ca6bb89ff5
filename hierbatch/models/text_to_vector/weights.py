"""The published names of TTV's weights, and the network they make."""

from __future__ import annotations

from pathlib import Path

from hierbatch.models.blocks.flow import flow_names
from hierbatch.models.blocks.style import style_names
from hierbatch.models.blocks.transformer import transformer_names
from hierbatch.models.blocks.wavenet import wavenet_names
from hierbatch.models.checkpoint import Checkpoint, NameTable, Rename, load_weights, read_checkpoint, under
from hierbatch.models.text_to_vector.config import TextToVectorConfig
from hierbatch.models.text_to_vector.model import TextToVector

_DILATED: NameTable = (
    Rename(r"convs_sep\.(.+)", r"depthwise.\1"),
    Rename(r"convs_1x1\.(.+)", r"pointwise.\1"),
    Rename(r"norms_1\.(\d+)\.gamma", r"depthwise_norms.\1.weight"),
    Rename(r"norms_1\.(\d+)\.beta", r"depthwise_norms.\1.bias"),
    Rename(r"norms_2\.(\d+)\.gamma", r"pointwise_norms.\1.weight"),
    Rename(r"norms_2\.(\d+)\.beta", r"pointwise_norms.\1.bias"),
)
_N_SPLINES = 4
_N_PITCH_KERNELS = 3


def name_table() -> NameTable:
    """Every published name, in the order of the network."""
    return (
        *under("enc_q", "posterior_encoder", _wavenet_between()),
        Rename(r"enc_p\.emb\.(.+)", r"text_encoder.embedding.\1"),
        Rename(r"enc_p\.cond\.(.+)", r"text_encoder.conditioning.\1"),
        *under(r"enc_p\.encoder", "text_encoder.first", transformer_names()),
        *under(r"enc_p\.encoder2", "text_encoder.second", transformer_names()),
        Rename(r"enc_p\.proj\.(.+)", r"text_encoder.leave.\1"),
        *under("flow", "flow", flow_names()),
        *under("w2v_decoder", "decoder", _wavenet_between()),
        *under("emb_g", "style_encoder", style_names()),
        *under("dp", "durations", _duration_names()),
        *under("pp", "pitch", _pitch_names()),
        Rename(r"phoneme_classifier\.(.+)", r"symbol_classifier.\1"),
    )


def _wavenet_between() -> NameTable:
    return (
        Rename(r"pre\.(.+)", r"enter.\1"),
        *under("enc", "wavenet", wavenet_names()),
        Rename(r"proj\.(.+)", r"leave.\1"),
    )


def _duration_names() -> NameTable:
    return (
        *under("flows", "flows", _spline_flow_names()),
        Rename(r"post_pre\.(.+)", r"posterior_enter.\1"),
        Rename(r"post_proj\.(.+)", r"posterior_leave.\1"),
        *under("post_convs", "posterior_convolutions", _DILATED),
        *under("post_flows", "posterior_flows", _spline_flow_names()),
        Rename(r"pre\.(.+)", r"enter.\1"),
        Rename(r"proj\.(.+)", r"leave.\1"),
        *under("convs", "convolutions", _DILATED),
        Rename(r"cond\.(.+)", r"conditioning.\1"),
    )


def _spline_flow_names() -> NameTable:
    """The flips between splines have a number there, and no weights."""
    spline: NameTable = (
        Rename(r"pre\.(.+)", r"enter.\1"),
        *under("convs", "convolutions", _DILATED),
        Rename(r"proj\.(.+)", r"leave.\1"),
    )
    splines = [entry for ours in range(_N_SPLINES) for entry in under(str(2 * ours + 1), f"splines.{ours}", spline)]
    return (Rename(r"0\.m", "scale.shift"), Rename(r"0\.logs", "scale.log_scale"), *splines)


def _pitch_names() -> NameTable:
    """Blocks are numbered through there, and stand by their rate here."""
    blocks = [
        Rename(rf"resblocks\.{n}\.{theirs}\.(.+)", rf"blocks.{n // _N_PITCH_KERNELS}.{n % _N_PITCH_KERNELS}.{ours}.\1")
        for n in range(2 * _N_PITCH_KERNELS)
        for theirs, ours in (("convs1", "dilated"), ("convs2", "plain"))
    ]
    return (
        Rename(r"conv_pre\.(.+)", r"enter.\1"),
        Rename(r"ups\.(.+)", r"doublings.\1"),
        *blocks,
        Rename(r"conv_post\.(.+)", r"leave.\1"),
        Rename(r"cond\.(.+)", r"conditioning.\1"),
    )


def text_to_vector_from(checkpoint: Checkpoint, config: TextToVectorConfig | None = None) -> TextToVector:
    """The network with published weights, ready to run.

    Raises:
        BundleError: the weights are not TTV's.
    """
    model = TextToVector(config or TextToVectorConfig())
    load_weights(model, checkpoint, name_table())
    return model.eval()


def load_text_to_vector(path: Path, config: TextToVectorConfig | None = None) -> TextToVector:
    """The network with the weights of a published file, ready to run.

    Raises:
        BundleError: the file cannot be opened or its weights are not TTV's.
    """
    return text_to_vector_from(read_checkpoint(path), config)
