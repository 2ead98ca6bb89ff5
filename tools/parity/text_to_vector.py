"""Golden checks of TTV: inference with stored noise, and the training pass with its losses."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from hierbatch.errors import InputError
from hierbatch.models.hierspeechpp.text_to_vector.model import TextToVector, ceil_durations
from hierbatch.models.hierspeechpp.text_to_vector.training import (
    TrainingBatch,
    TrainingPass,
    compute_losses,
    training_pass,
)
from hierbatch.models.hierspeechpp.text_to_vector.weights import text_to_vector_from
from tools.parity.comparison import CaseResult, GoldenNetworks, OutputCheck, read_arrays
from tools.parity.golden import GoldenCase

_SEMANTIC_TOLERANCE = 2e-5
_LOG_F0_TOLERANCE = 3e-4
_INNER_TOLERANCE = 1e-4
_REFERENCE_PEAK = 10.0
"""Largest magnitude up to which tolerances are absolute; above it, they grow in proportion."""

_INFERENCE_SHAPES = {
    "in_tokens": "B N",
    "in_token_length": "B",
    "in_style_mel": "P M F",
    "in_style_length": "P",
    "in_noise_dp": "B 2 N",
    "in_noise_z": "B C T",
    "out_w2v": "B D T",
    "out_log_f0": "B 1 Q",
    "out_g": "P S",
    "out_logw": "B 1 N",
    "out_durations": "B 1 N",
    "out_m_p_tokens": "B C N",
    "out_logs_p_tokens": "B C N",
    "out_z": "B C T",
}
_TRAINING_SHAPES = {
    "in_w2v": "B D T",
    "in_length": "B",
    "in_tokens": "B N",
    "in_token_length": "B",
    "in_mel": "B M T",
    "in_ctc_tokens": "B K",
    "in_ctc_length": "B",
    "in_f0_hz": "B Q",
    "in_slice_ids": "B",
    "in_noise_q": "B C T",
    "in_noise_dur_eq": "B 2 N",
    "out_z": "B C T",
    "out_z_p": "B C T",
    "out_m_q": "B C T",
    "out_logs_q": "B C T",
    "out_m_p": "B C T",
    "out_logs_p": "B C T",
    "out_w2v_pred": "B E T",
    "out_pitch_pred": "B 1 R",
    "out_dur_nll": "B",
    "out_phoneme_logits": "B V U",
    "out_neg_cent": "B T N",
    "out_mas_path": "B T N",
    "out_loss_dur": "",
    "out_loss_w2v_raw": "",
    "out_loss_f0": "",
    "out_loss_kl_raw": "",
    "out_loss_ctc": "",
    "out_loss_total": "",
}


def check_text_to_vector(case: GoldenCase, networks: GoldenNetworks) -> CaseResult:
    """Compare inference or training on one batch, on rule weights and with padding unmasked as published."""
    network = networks.with_rule_weights("ttv", text_to_vector_from)
    method = str(case.args.get("method", ""))
    if method in ("infer", "infer_noise_control"):
        return _check_inference(network, read_arrays(case, _INFERENCE_SHAPES), case.args)
    if method.startswith("forward"):
        return _check_training(network, read_arrays(case, _TRAINING_SHAPES))
    raise InputError("The case calls an unknown method", expected="infer, infer_noise_control or forward", got=method)


def _check_inference(network: TextToVector, arrays: dict[str, Tensor], args: Any) -> CaseResult:
    styles = network.style(arrays["in_style_mel"], arrays["in_style_length"], legacy_padding=True)
    style = styles
    if args["method"] == "infer_noise_control":
        ratio = float(args["denoise_ratio"])
        style = (1 - ratio) * styles[:1] + ratio * styles[1:]
    prior = network.encode_text(arrays["in_tokens"], arrays["in_token_length"], style)
    noise = arrays["in_noise_dp"] * float(args["noise_scale_w"])
    log_durations = network.durations(prior.hidden, prior.mask, style, noise)
    frames = ceil_durations(log_durations, prior.mask, float(args["length_scale"]))
    n_frames = max(1, int(frames.sum((1, 2)).max()))
    checks = [
        OutputCheck("out_g", styles, arrays["out_g"], _INNER_TOLERANCE),
        OutputCheck("out_m_p_tokens", prior.mean, arrays["out_m_p_tokens"], _INNER_TOLERANCE),
        OutputCheck("out_logs_p_tokens", prior.log_scale, arrays["out_logs_p_tokens"], _INNER_TOLERANCE),
        OutputCheck("out_logw", log_durations, arrays["out_logw"], _INNER_TOLERANCE),
        OutputCheck("out_durations", frames, arrays["out_durations"], 0.0),
    ]
    if n_frames != arrays["in_noise_z"].shape[2]:
        return checks  # the durations are wrong, so the stored noise does not fit
    noise = arrays["in_noise_z"] * float(args["noise_scale"])
    vectors = network.generate(prior, frames, style, noise, legacy_padding=True)
    return [
        *checks,
        _scaled_check("out_z", vectors.latent, arrays["out_z"], _INNER_TOLERANCE),
        OutputCheck("out_w2v", vectors.semantic, arrays["out_w2v"], _SEMANTIC_TOLERANCE),
        _scaled_check("out_log_f0", vectors.log_f0, arrays["out_log_f0"], _LOG_F0_TOLERANCE),
    ]


def _check_training(network: TextToVector, arrays: dict[str, Tensor]) -> CaseResult:
    batch = TrainingBatch(
        semantic=arrays["in_w2v"],
        mel=arrays["in_mel"],
        f0_hz=arrays["in_f0_hz"],
        n_frames=arrays["in_length"],
        tokens=arrays["in_tokens"],
        n_tokens=arrays["in_token_length"],
        symbols=arrays["in_ctc_tokens"],
        n_symbols=arrays["in_ctc_length"],
        slice_starts=arrays["in_slice_ids"],
    )
    found = training_pass(
        network,
        batch,
        latent_noise=arrays["in_noise_q"],
        duration_noise=arrays["in_noise_dur_eq"],
        legacy_padding=True,
    )
    return [*_compare_pass(found, arrays), *_compare_losses(found, batch, arrays)]


def _compare_pass(found: TrainingPass, arrays: dict[str, Tensor]) -> list[OutputCheck]:
    channel_step = found.semantic.shape[1] // arrays["out_w2v_pred"].shape[1]
    frame_step = -(-found.symbol_logits.shape[2] // arrays["out_phoneme_logits"].shape[2])
    outputs: list[tuple[str, Tensor, float]] = [
        ("out_z", found.latent, _INNER_TOLERANCE),
        ("out_z_p", found.z_p, _INNER_TOLERANCE),
        ("out_m_q", found.posterior_mean, _INNER_TOLERANCE),
        ("out_logs_q", found.posterior_log_scale, _INNER_TOLERANCE),
        ("out_m_p", found.prior_mean, _INNER_TOLERANCE),
        ("out_logs_p", found.prior_log_scale, _INNER_TOLERANCE),
        ("out_w2v_pred", found.semantic[:, ::channel_step], _SEMANTIC_TOLERANCE),
        ("out_pitch_pred", found.log_f0, _LOG_F0_TOLERANCE),
        ("out_dur_nll", found.duration_losses, _INNER_TOLERANCE),
        ("out_phoneme_logits", found.symbol_logits[:, :, ::frame_step], _INNER_TOLERANCE),
        ("out_neg_cent", found.scores, _INNER_TOLERANCE),
        ("out_mas_path", found.alignment, 0.0),
    ]
    return [_scaled_check(name, value, arrays[name], tolerance) for name, value, tolerance in outputs]


def _compare_losses(found: TrainingPass, batch: TrainingBatch, arrays: dict[str, Tensor]) -> list[OutputCheck]:
    losses = compute_losses(found, batch)
    outputs: list[tuple[str, Tensor, float]] = [
        ("out_loss_w2v_raw", losses.semantic, _INNER_TOLERANCE),
        ("out_loss_kl_raw", losses.divergence, _INNER_TOLERANCE),
        ("out_loss_f0", losses.pitch, _LOG_F0_TOLERANCE),
        ("out_loss_dur", losses.durations, _INNER_TOLERANCE),
        ("out_loss_ctc", losses.symbols, _INNER_TOLERANCE),
        ("out_loss_total", losses.total, _INNER_TOLERANCE),
    ]
    return [_scaled_check(name, value, arrays[name], tolerance) for name, value, tolerance in outputs]


def _scaled_check(output: str, found: Tensor, wanted: Tensor, tolerance: float) -> OutputCheck:
    return OutputCheck(output, found, wanted, tolerance * max(1.0, float(wanted.abs().max()) / _REFERENCE_PEAK))
