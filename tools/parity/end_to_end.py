"""End-to-end golden check: a prompt and text symbols through the whole pipeline, to 16-bit samples.

The input is a pair of prompts, the second of which is already denoised. The denoiser has its own cases, since its
phases depend on the FFT library.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hierbatch.audio.style_mel import StyleMel
from hierbatch.errors import InputError
from hierbatch.models.hierspeechpp.conditioning import clip_pitch, mix_styles
from hierbatch.models.hierspeechpp.speechsr.config import speechsr_24k, speechsr_48k
from hierbatch.models.hierspeechpp.speechsr.model import SpeechSR
from hierbatch.models.hierspeechpp.speechsr.weights import speechsr_from
from hierbatch.models.hierspeechpp.synthesizer.model import SynthesizerOutput
from hierbatch.models.hierspeechpp.text_to_vector.model import ceil_durations
from hierbatch.models.hierspeechpp.text_to_vector.weights import text_to_vector_from
from hierbatch.models.weights.checkpoint import Checkpoint
from tools.parity.comparison import CaseResult, GoldenNetworks, Make, OutputCheck, read_arrays
from tools.parity.golden import GoldenCase
from tools.parity.synthesizer import load_full_size_synthesizer

_MEL_TOLERANCE = 1e-4
_LOG_F0_TOLERANCE = 3e-4
_SOUND_TOLERANCE = 2e-5
_STEPS_TOLERANCE = 8.0
"""16-bit quantization steps: the waveform's tolerance after its peak is scaled to full scale."""
_PEAK = 32_767 * 0.999
_RATES = {24_000: ("speechsr24k", speechsr_24k), 48_000: ("speechsr48k", speechsr_48k)}
_SHAPES = {
    "in_prompt16k": "1 L",
    "in_tokens": "1 N",
    "in_noise_ttv_dp": "1 2 N",
    "in_noise_ttv_z": "1 C T",
    "in_noise_vc": "1 D T",
    "out_prompt_pair": "2 L",
    "out_mel": "2 M F",
    "out_log_f0_before_clip": "1 1 Q",
    "out_audio16k": "1 1 K",
    "out_int16": "S",
}


def check_end_to_end(case: GoldenCase, networks: GoldenNetworks) -> CaseResult:
    """Run TTV and synthesizer on rule weights, then SpeechSR on its published weights, for one sentence."""
    rate_hz = int(case.args["output_sr"])
    if rate_hz not in _RATES or case.args["scale_norm"] not in ("max", "prompt"):
        raise InputError("The case has unsupported arguments", got=str(dict(case.args)))
    module = _RATES[rate_hz][0]
    speechsr = networks.with_published_weights(module, _maker(rate_hz))
    if speechsr is None:
        return networks.missing_weights([module])
    arrays = read_arrays(case, _SHAPES)
    mel = StyleMel()(arrays["out_prompt_pair"].float())
    log_f0, synthesis = _synthesize(arrays, mel, case, networks)
    wide = speechsr(synthesis.sound, has_exact_positions=False)
    peak = _PEAK if case.args["scale_norm"] == "max" else 32_767 * float(arrays["in_prompt16k"].abs().max())
    quantized = (wide[0, 0] / wide.abs().max() * peak).short()  # rounds towards zero, as published
    return [
        OutputCheck("first prompt of the pair", arrays["out_prompt_pair"][:1], arrays["in_prompt16k"], 0.0),
        OutputCheck("out_mel", mel, arrays["out_mel"], _MEL_TOLERANCE),
        OutputCheck("out_log_f0_before_clip", log_f0, arrays["out_log_f0_before_clip"], _LOG_F0_TOLERANCE),
        OutputCheck("out_audio16k", synthesis.sound, arrays["out_audio16k"], _SOUND_TOLERANCE),
        OutputCheck("out_int16", quantized, arrays["out_int16"], _STEPS_TOLERANCE),
    ]


def _synthesize(
    arrays: dict[str, Tensor], mel: Tensor, case: GoldenCase, networks: GoldenNetworks
) -> tuple[Tensor, SynthesizerOutput]:
    ttv, synthesizer = (
        networks.with_rule_weights("ttv", text_to_vector_from),
        networks.with_rule_weights("hier", load_full_size_synthesizer),
    )
    ratio, lengths = float(case.args["denoise_ratio"]), torch.full((2,), mel.shape[-1])
    style = mix_styles(ttv.style(mel, lengths), ratio)
    prior = ttv.encode_text(arrays["in_tokens"], torch.tensor([arrays["in_tokens"].shape[1]]), style)
    frames = ceil_durations(
        ttv.durations(prior.hidden, prior.mask, style, arrays["in_noise_ttv_dp"]), prior.mask, 1.0
    )  # fmt: skip
    if int(frames.sum()) != arrays["in_noise_ttv_z"].shape[2]:
        raise InputError(
            "The total duration is wrong",
            expected=f"{arrays['in_noise_ttv_z'].shape[2]} frames",
            got=f"{int(frames.sum())} frames",
        )
    noise = float(case.args["noise_scale_ttv"]) * arrays["in_noise_ttv_z"]
    vectors = ttv.generate(prior, frames, style, noise)
    synthesis = synthesizer(
        vectors.semantic,
        clip_pitch(vectors.log_f0),
        vectors.lengths,
        mix_styles(synthesizer.encode_style(mel, lengths), ratio),
        arrays["in_noise_vc"],
        noise_scale=float(case.args["noise_scale_vc"]),
    )
    return vectors.log_f0, synthesis


def _maker(rate_hz: int) -> Make[SpeechSR]:
    def make(checkpoint: Checkpoint) -> SpeechSR:
        return speechsr_from(checkpoint, _RATES[rate_hz][1]())

    return make
