"""Golden checks of the synthesizer: conversion with stored noise, and each of its training-only components."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from hierbatch.errors import InputError
from hierbatch.models.hierspeechpp.blocks.masks import frame_mask
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.models.hierspeechpp.synthesizer.encoders import sample_latent
from hierbatch.models.hierspeechpp.synthesizer.losses import prior_loss
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer, SynthesizerOutput, TrainingModules
from hierbatch.models.hierspeechpp.synthesizer.weights import synthesizer_from
from hierbatch.models.weights.checkpoint import Checkpoint
from tools.parity.comparison import CaseResult, GoldenNetworks, OutputCheck, read_arrays
from tools.parity.golden import GoldenCase

_SOUND_TOLERANCE = 2e-5
_STYLE_TOLERANCE = 1e-5
_LATENT_TOLERANCE = 5e-5
_REFERENCE_PEAK = 10.0
"""Largest magnitude of a latent up to which its tolerance is absolute; above it, the tolerance grows in proportion."""
_LOSS_TOLERANCE = 1e-5
"""Tolerance relative to the loss."""

_CONVERSION_SHAPES = {
    "in_w2v": "B 1024 T", "in_src_length": "B", "in_style_mel": "P 80 M", "in_style_length": "P", "in_f0": "B 1 F",
    "in_noise": "B 192 T", "out_audio": "B 1 L", "out_g": "P 256", "out_m_p": "B 192 T", "out_logs_p": "B 192 T",
    "out_z_sr": "B 192 T", "out_z_a": "B 192 T",
}  # fmt: skip
_EXCITATION_SHAPES = {"out_e_f0": "B 1 F", "out_e": "B 64 F"}
"""Outputs that only some cases have."""


def check_synthesizer(case: GoldenCase, networks: GoldenNetworks) -> CaseResult:
    """Compare one call of the published synthesizer, or of its training-only components."""
    check = next((check for name, check in _CHECKS.items() if case.args.get("method", "").startswith(name)), None)
    if check is None:
        raise InputError(
            "The case calls an unknown method", expected=", ".join(_CHECKS), got=str(case.args.get("method"))
        )
    return check(case, networks.with_rule_weights("hier", load_full_size_synthesizer))


def load_full_size_synthesizer(checkpoint: Checkpoint) -> Synthesizer:
    """Build a synthesizer of the published size from any weights."""
    return synthesizer_from(checkpoint, SynthesizerConfig())


def _check_conversion(case: GoldenCase, model: Synthesizer) -> list[OutputCheck]:
    """Check `voice_conversion` and `voice_conversion_noise_control`, which mixes the styles of two prompts."""
    stored = case.arrays()
    optional = {name: shape for name, shape in _EXCITATION_SHAPES.items() if name in stored}
    arrays = read_arrays(case, _CONVERSION_SHAPES | optional)
    styles = model.encode_style(arrays["in_style_mel"], arrays["in_style_length"], legacy_padding=True)
    style = styles
    if "denoise_ratio" in case.args:
        style = torch.lerp(styles[:1], styles[1:], float(case.args["denoise_ratio"]))
    synthesis = model(
        arrays["in_w2v"],
        arrays["in_f0"],
        arrays["in_src_length"],
        style,
        arrays["in_noise"],
        noise_scale=float(case.args["noise_scale"]),
        is_styled=not case.args.get("uncond", False),
        legacy_padding=True,
    )
    found = {"out_g": styles} | _outputs(synthesis)
    return [
        OutputCheck(name, found[name], arrays[name], _tolerance(name, arrays[name])) for name in found if name in arrays
    ]


def _outputs(synthesis: SynthesizerOutput) -> dict[str, Tensor]:
    return {
        "out_m_p": synthesis.mean,
        "out_logs_p": synthesis.log_scale,
        "out_z_sr": synthesis.semantic,
        "out_z_a": synthesis.acoustic,
        "out_e": synthesis.excitation,
        "out_e_f0": synthesis.log_f0,
        "out_audio": synthesis.sound,
    }


def _check_full_noise(case: GoldenCase, model: Synthesizer) -> list[OutputCheck]:
    """Check `infer`: noise scale 1, and the style of the recording itself."""
    shapes = {
        "in_w2v": "B 1024 T", "in_length": "B", "in_mel": "B 80 T", "in_f0": "B 1 F", "in_noise": "B 192 T",
        "out_audio": "B 1 L", "out_e_f0": "B 1 F",
    }  # fmt: skip
    arrays = read_arrays(case, shapes)
    lengths = arrays["in_length"]
    style = model.encode_style(arrays["in_mel"], lengths, legacy_padding=True)
    synthesis = model(arrays["in_w2v"], arrays["in_f0"], lengths, style, arrays["in_noise"], legacy_padding=True)
    return [
        OutputCheck("out_audio", synthesis.sound, arrays["out_audio"], _SOUND_TOLERANCE),
        OutputCheck("out_e_f0", synthesis.log_f0, arrays["out_e_f0"], _LATENT_TOLERANCE),
    ]


def _check_f0_extraction(case: GoldenCase, model: Synthesizer) -> list[OutputCheck]:
    """Check `f0_extraction`: the pitch that the source generator predicts from the audio's own latent."""
    shapes = {
        "in_linear": "B 641 T", "in_mel": "B 80 T", "in_length": "B", "in_audio": "B 1 L", "in_noise": "B 192 T",
        "out_e_f0": "B 1 F",
    }  # fmt: skip
    arrays = read_arrays(case, shapes)
    lengths = arrays["in_length"]
    style = model.encode_style(arrays["in_mel"], lengths, legacy_padding=True)
    acoustic = _training_parts(model).acoustic_encoder
    mean, log_scale = acoustic(arrays["in_linear"], arrays["in_audio"], lengths, style, legacy_padding=True)
    noise_scale = float(case.args["noise_scale"])
    # The published code does not mask the noise past a row's end.
    latent = sample_latent(mean, log_scale, arrays["in_noise"], torch.ones(1), noise_scale)
    _, log_f0 = model.source(latent, torch.full_like(lengths, latent.shape[-1]), style)
    return [OutputCheck("out_e_f0", log_f0, arrays["out_e_f0"], _LATENT_TOLERANCE)]


def _check_training_parts(case: GoldenCase, model: Synthesizer) -> list[OutputCheck]:
    """Check posteriors, flows, prosody head and both divergences on a padded batch, unmasked as published."""
    latents = ("in_noise_q", "in_noise_p", "in_noise_l", "out_flow_fwd_zq", "out_flow_l_fwd_zp", "out_flow_rev_zp")
    distribution_outputs = [f"out_{value}_{name}" for name in "qpl" for value in ("z", "m", "logs")]
    shapes = {
        "in_w2v": "B 1024 T", "in_length": "B", "in_mel": "B 80 T", "in_f0": "B 1 F", "in_linear": "B 641 T",
        "in_audio": "B 1 L", "out_g": "B 256 1", "out_prosody_mel": "B 20 T", "out_kl_flow": "", "out_kl_flow_l": "",
    }  # fmt: skip
    arrays = read_arrays(case, shapes | dict.fromkeys([*latents, *distribution_outputs], "B 192 T"))
    parts = _training_parts(model)
    lengths, mask = arrays["in_length"], frame_mask(arrays["in_length"], arrays["in_w2v"].shape[-1])
    style = model.encode_style(arrays["in_mel"], lengths, legacy_padding=True)
    linguistic = (arrays["in_w2v"], arrays["in_f0"], mask, style)
    acoustic = (arrays["in_linear"], arrays["in_audio"], lengths, style)
    distributions: dict[str, tuple[Tensor, Tensor]] = {
        "q": parts.acoustic_encoder(*acoustic, legacy_padding=True),
        "p": parts.semantic_encoder(*linguistic),
        "l": model.prior(*linguistic),
    }
    found: dict[str, Tensor] = {"out_g": style[:, :, None]}
    for name, (mean, log_scale) in distributions.items():
        found[f"out_m_{name}"], found[f"out_logs_{name}"] = mean, log_scale
        found[f"out_z_{name}"] = sample_latent(mean, log_scale, arrays[f"in_noise_{name}"], mask)
    to_semantic = model.acoustic_flow(found["out_z_q"], mask, style, legacy_padding=True)
    to_prior = model.semantic_flow(found["out_z_p"], mask, style, legacy_padding=True)
    found["out_flow_fwd_zq"], found["out_flow_l_fwd_zp"] = to_semantic, to_prior
    found["out_flow_rev_zp"] = model.acoustic_flow.reverse(found["out_z_p"], mask, style, legacy_padding=True)
    found["out_prosody_mel"] = parts.prosody(found["out_z_p"], mask, style)
    mean_p, log_scale_p = distributions["p"]
    found["out_kl_flow"] = prior_loss(to_semantic, distributions["q"][1], mean_p, log_scale_p, mask)
    found["out_kl_flow_l"] = prior_loss(to_prior, log_scale_p, *distributions["l"], mask)
    return [OutputCheck(name, value, arrays[name], _tolerance(name, arrays[name])) for name, value in found.items()]


def _tolerance(name: str, wanted: Tensor) -> float:
    if "kl" in name:
        return _LOSS_TOLERANCE * float(wanted.abs())
    if name in _TOLERANCES:
        return _TOLERANCES[name]
    return _LATENT_TOLERANCE * max(1.0, float(wanted.abs().max()) / _REFERENCE_PEAK)


def _training_parts(model: Synthesizer) -> TrainingModules:
    if model.training_modules is None:
        raise InputError("The network was built without its training components")
    return model.training_modules


_TOLERANCES = {"out_audio": _SOUND_TOLERANCE, "out_g": _STYLE_TOLERANCE}
_CHECKS: Mapping[str, Callable[[GoldenCase, Synthesizer], list[OutputCheck]]] = {
    "voice_conversion": _check_conversion,
    "infer": _check_full_noise,
    "f0_extraction": _check_f0_extraction,
    "enc_q/enc_p": _check_training_parts,
}
"""Check functions by prefix of the method's name."""
