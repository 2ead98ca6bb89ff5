"""Weight names of published synthesizer checkpoints, and loading of such checkpoints."""

from __future__ import annotations

from pathlib import Path

from hierbatch.models.hierspeechpp.blocks.anti_aliased import block_names, snake_names
from hierbatch.models.hierspeechpp.blocks.flow import flow_names
from hierbatch.models.hierspeechpp.blocks.style import style_names
from hierbatch.models.hierspeechpp.blocks.transformer import transformer_names
from hierbatch.models.hierspeechpp.blocks.wavenet import wavenet_names
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from hierbatch.models.weights.checkpoint import (
    Checkpoint,
    NameTable,
    Rename,
    load_weights,
    read_checkpoint,
    with_prefix,
)

NORMALIZED_LAYERS = (
    r".*\.(?:semantic|pitch|both|spectrogram)\.(?:conditioning|gates\.\d+|residual_skip\.\d+)",
    r".*\.blocks\.blocks\.\d+\.(?:dilated|plain)\.\d+",
    r".*\.stages\.\d+\.(?:downsample|upsample)",
    r"prior\.(?:semantic|pitch|both)\.(?:conditioning|gates\.\d+|residual_skip\.\d+)",
    r"(?:source|waveform)\.(?:input_projection|stages\.\d+\.upsample)",
    r"waveform\.frame_rate_excitation\.(?:skip|residual\.\d+)",
)
"""Patterns of the layers that are trained with weight norm."""


def name_table(config: SynthesizerConfig) -> NameTable:
    """Name table of the synthesizer."""
    n_blocks = len(config.block_kernels)
    n_source_blocks = len(config.source_block_kernels)
    return (
        *with_prefix("emb_g", "style", style_names()),
        Rename(r"emb\.weight", "null_style"),
        *with_prefix("enc_p_l", "prior", _source_filter_names()),
        *with_prefix("enc_p", "training_modules.semantic_encoder", _source_filter_names()),
        *with_prefix("flow_l", "semantic_flow", flow_names()),
        *with_prefix("flow", "acoustic_flow", flow_names()),
        *with_prefix("sn", "source", _generator_names(len(config.source_rates), n_source_blocks)),
        *with_prefix("dec", "waveform", _generator_names(len(config.waveform_rates), n_blocks)),
        *with_prefix(
            "enc_q", "training_modules.acoustic_encoder", _acoustic_names(len(config.analysis_rates), n_blocks)
        ),
        *with_prefix("mel_decoder", "training_modules.prosody", _prosody_names()),
    )


def synthesizer_from(checkpoint: Checkpoint, config: SynthesizerConfig) -> Synthesizer:
    """Create the synthesizer with the weights of a checkpoint, training-only modules included, in evaluation mode.

    Raises:
        BundleError: the weights do not fit the synthesizer.
    """
    model = Synthesizer(config)
    load_weights(model, checkpoint, name_table(config))
    return model.eval()


def load_synthesizer(path: Path, config: SynthesizerConfig) -> Synthesizer:
    """Load the synthesizer from a checkpoint file, training-only modules included, in evaluation mode.

    Raises:
        BundleError: the file cannot be opened, or its weights do not fit the synthesizer.
    """
    return synthesizer_from(read_checkpoint(path), config)


def _source_filter_names() -> NameTable:
    return (
        Rename(r"pre_source\.(.+)", r"semantic_input.\1"),
        Rename(r"pre_filter\.(.+)", r"pitch_input.\1"),
        *with_prefix("source_enc", "semantic", wavenet_names()),
        *with_prefix("filter_enc", "pitch", wavenet_names()),
        *with_prefix("enc", "both", wavenet_names()),
        Rename(r"proj\.(.+)", r"output_projection.\1"),
    )


def _generator_names(n_stages: int, n_blocks: int) -> NameTable:
    return (
        Rename(r"conv_pre\.(.+)", r"input_projection.\1"),
        Rename(r"cond\.(.+)", r"conditioning.\1"),
        Rename(r"downs\.residual_dense\.(.+)", r"frame_rate_excitation.skip.\1"),
        Rename(r"downs\.conv\.(.+)", r"frame_rate_excitation.residual.\1"),
        Rename(r"proj\.(.+)", r"excitation.\1"),
        Rename(r"ups\.(\d+)\.(.+)", r"stages.\1.upsample.\2"),
        *_numbered_blocks(n_stages, n_blocks),
        *with_prefix("activation_post", "last_snake", snake_names()),
        Rename(r"conv_post\.(.+)", r"output_projection.\1"),
    )


def _acoustic_names(n_stages: int, n_blocks: int) -> NameTable:
    return (
        Rename(r"pre\.(.+)", r"spectrogram_input.\1"),
        *with_prefix("enc", "spectrogram", wavenet_names()),
        Rename(r"down_pre\.(.+)", r"waveform_input.\1"),
        Rename(r"downs\.(\d+)\.(.+)", r"stages.\1.downsample.\2"),
        *_numbered_blocks(n_stages, n_blocks),
        *with_prefix("activation_post", "last_snake", snake_names()),
        Rename(r"conv_post\.(.+)", r"leave_sound.\1"),
        Rename(r"proj\.(.+)", r"output_projection.\1"),
    )


def _prosody_names() -> NameTable:
    return (
        Rename(r"conv_pre\.(.+)", r"input_projection.\1"),
        Rename(r"cond\.(.+)", r"conditioning.\1"),
        *with_prefix("encoder", "encoder", transformer_names()),
        Rename(r"proj\.(.+)", r"output_projection.\1"),
    )


def _numbered_blocks(n_stages: int, n_blocks: int) -> NameTable:
    """Name table of the blocks of all stages, which the published names number consecutively."""
    return [
        entry
        for stage in range(n_stages)
        for block in range(n_blocks)
        for entry in with_prefix(
            rf"resblocks\.{stage * n_blocks + block}", f"stages.{stage}.blocks.blocks.{block}", block_names()
        )
    ]
