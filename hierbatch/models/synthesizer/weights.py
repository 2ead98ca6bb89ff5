"""The published names of the synthesizer's weights, and ours."""

from __future__ import annotations

from pathlib import Path

from hierbatch.models.blocks.anti_aliased import block_names, snake_names
from hierbatch.models.blocks.flow import flow_names
from hierbatch.models.blocks.style import style_names
from hierbatch.models.blocks.transformer import transformer_names
from hierbatch.models.blocks.wavenet import wavenet_names
from hierbatch.models.checkpoint import Checkpoint, NameTable, Rename, load_weights, read_checkpoint, under
from hierbatch.models.synthesizer.config import SynthesizerConfig
from hierbatch.models.synthesizer.model import Synthesizer


def name_table(config: SynthesizerConfig) -> NameTable:
    """Every published name."""
    n_blocks = len(config.block_kernels)
    n_source_blocks = len(config.source_block_kernels)
    return (
        *under("emb_g", "style", style_names()),
        Rename(r"emb\.weight", "null_style"),
        *under("enc_p_l", "prior", _source_filter_names()),
        *under("enc_p", "training_parts.semantic_encoder", _source_filter_names()),
        *under("flow_l", "semantic_flow", flow_names()),
        *under("flow", "acoustic_flow", flow_names()),
        *under("sn", "source", _generator_names(len(config.source_rates), n_source_blocks)),
        *under("dec", "waveform", _generator_names(len(config.waveform_rates), n_blocks)),
        *under("enc_q", "training_parts.acoustic_encoder", _acoustic_names(len(config.analysis_rates), n_blocks)),
        *under("mel_decoder", "training_parts.prosody", _prosody_names()),
    )


def synthesizer_from(checkpoint: Checkpoint, config: SynthesizerConfig) -> Synthesizer:
    """The network with published weights, training-only parts included, ready to run.

    Raises:
        BundleError: the weights are not the synthesizer's.
    """
    model = Synthesizer(config)
    load_weights(model, checkpoint, name_table(config))
    return model.eval()


def load_synthesizer(path: Path, config: SynthesizerConfig) -> Synthesizer:
    """The network with the weights of a published file, training-only parts included, ready to run.

    Raises:
        BundleError: the file cannot be opened or its weights are not the synthesizer's.
    """
    return synthesizer_from(read_checkpoint(path), config)


def _source_filter_names() -> NameTable:
    return (
        Rename(r"pre_source\.(.+)", r"enter_semantic.\1"),
        Rename(r"pre_filter\.(.+)", r"enter_pitch.\1"),
        *under("source_enc", "semantic", wavenet_names()),
        *under("filter_enc", "pitch", wavenet_names()),
        *under("enc", "both", wavenet_names()),
        Rename(r"proj\.(.+)", r"leave.\1"),
    )


def _generator_names(n_stages: int, n_blocks: int) -> NameTable:
    return (
        Rename(r"conv_pre\.(.+)", r"enter.\1"),
        Rename(r"cond\.(.+)", r"conditioning.\1"),
        Rename(r"downs\.residual_dense\.(.+)", r"slow_excitation.straight.\1"),
        Rename(r"downs\.conv\.(.+)", r"slow_excitation.bent.\1"),
        Rename(r"proj\.(.+)", r"excitation.\1"),
        Rename(r"ups\.(\d+)\.(.+)", r"stages.\1.rise.\2"),
        *_numbered_blocks(n_stages, n_blocks),
        *under("activation_post", "last_snake", snake_names()),
        Rename(r"conv_post\.(.+)", r"leave.\1"),
    )


def _acoustic_names(n_stages: int, n_blocks: int) -> NameTable:
    return (
        Rename(r"pre\.(.+)", r"enter_spectrogram.\1"),
        *under("enc", "spectrogram", wavenet_names()),
        Rename(r"down_pre\.(.+)", r"enter_sound.\1"),
        Rename(r"downs\.(\d+)\.(.+)", r"stages.\1.fall.\2"),
        *_numbered_blocks(n_stages, n_blocks),
        *under("activation_post", "last_snake", snake_names()),
        Rename(r"conv_post\.(.+)", r"leave_sound.\1"),
        Rename(r"proj\.(.+)", r"leave.\1"),
    )


def _prosody_names() -> NameTable:
    return (
        Rename(r"conv_pre\.(.+)", r"enter.\1"),
        Rename(r"cond\.(.+)", r"conditioning.\1"),
        *under("encoder", "encoder", transformer_names()),
        Rename(r"proj\.(.+)", r"leave.\1"),
    )


def _numbered_blocks(n_stages: int, n_blocks: int) -> NameTable:
    """The blocks of all stages are numbered through in the published names."""
    return [
        entry
        for stage in range(n_stages)
        for block in range(n_blocks)
        for entry in under(
            rf"resblocks\.{stage * n_blocks + block}", f"stages.{stage}.blocks.blocks.{block}", block_names()
        )
    ]
