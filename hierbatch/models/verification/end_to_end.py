"""The end-to-end case: a prompt and symbols through the whole chain, to samples of 16 bits.

It starts from the pair of prompts, of which the second is the denoised one: the denoiser is held to its own cases, for
its phases belong to the FFT library.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hierbatch.audio.style_mel import StyleMel
from hierbatch.errors import InputError
from hierbatch.models.checkpoint import Checkpoint
from hierbatch.models.golden import GoldenCase
from hierbatch.models.official.settling import clip_pitch, mix_styles
from hierbatch.models.speechsr.config import speechsr_24k, speechsr_48k
from hierbatch.models.speechsr.model import SpeechSR
from hierbatch.models.speechsr.weights import speechsr_from
from hierbatch.models.synthesizer.model import Synthesis
from hierbatch.models.text_to_vector.model import whole_frames
from hierbatch.models.text_to_vector.weights import text_to_vector_from
from hierbatch.models.verification.comparison import Checked, Comparison, GoldenNetworks, Make, read_arrays
from hierbatch.models.verification.synthesizer import load_published

_MEL_TOLERANCE = 1e-4
_LOG_F0_TOLERANCE = 3e-4
_SOUND_TOLERANCE = 2e-5
_STEPS_TOLERANCE = 8.0
"""Steps of 16 bits: what the sound's tolerance becomes once its peak is made full scale."""
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


def check_end_to_end(case: GoldenCase, networks: GoldenNetworks) -> Checked:
    """One sentence through TTV and the synthesizer on rule weights and SpeechSR on its published ones."""
    rate_hz = int(case.args["output_sr"])
    if rate_hz not in _RATES or case.args["scale_norm"] not in ("max", "prompt"):
        raise InputError("the case asks for what is unknown here", got=str(dict(case.args)))
    module = _RATES[rate_hz][0]
    widen = networks.published(module, _maker(rate_hz))
    if widen is None:
        return networks.not_at_hand([module])
    arrays = read_arrays(case, _SHAPES)
    mel = StyleMel()(arrays["out_prompt_pair"].float())
    log_f0, made = _spoken(arrays, mel, case, networks)
    wide = widen(made.sound, has_exact_positions=False)
    loudest = _PEAK if case.args["scale_norm"] == "max" else 32_767 * float(arrays["in_prompt16k"].abs().max())
    steps = (wide[0, 0] / wide.abs().max() * loudest).short()  # towards zero, as published
    return [
        Comparison("the pair's first", arrays["out_prompt_pair"][:1], arrays["in_prompt16k"], 0.0),
        Comparison("out_mel", mel, arrays["out_mel"], _MEL_TOLERANCE),
        Comparison("out_log_f0_before_clip", log_f0, arrays["out_log_f0_before_clip"], _LOG_F0_TOLERANCE),
        Comparison("out_audio16k", made.sound, arrays["out_audio16k"], _SOUND_TOLERANCE),
        Comparison("out_int16", steps, arrays["out_int16"], _STEPS_TOLERANCE),
    ]


def _spoken(
    arrays: dict[str, Tensor], mel: Tensor, case: GoldenCase, networks: GoldenNetworks
) -> tuple[Tensor, Synthesis]:
    reader, singer = networks.by_rule("ttv", text_to_vector_from), networks.by_rule("hier", load_published)
    ratio, lengths = float(case.args["denoise_ratio"]), torch.full((2,), mel.shape[-1])
    style = mix_styles(reader.style(mel, lengths), ratio)
    prior = reader.read(arrays["in_tokens"], torch.tensor([arrays["in_tokens"].shape[1]]), style)
    frames = whole_frames(
        reader.durations(prior.hidden, prior.mask, style, arrays["in_noise_ttv_dp"]), prior.mask, 1.0
    )  # fmt: skip
    if int(frames.sum()) != arrays["in_noise_ttv_z"].shape[2]:
        raise InputError("the durations are off", got=f"{int(frames.sum())} frames")
    noise = float(case.args["noise_scale_ttv"]) * arrays["in_noise_ttv_z"]
    spoken = reader.speak(prior, frames, style, noise)
    made = singer(
        spoken.semantic,
        clip_pitch(spoken.log_f0),
        spoken.lengths,
        mix_styles(singer.encode_style(mel, lengths), ratio),
        arrays["in_noise_vc"],
        noise_scale=float(case.args["noise_scale_vc"]),
    )
    return spoken.log_f0, made


def _maker(rate_hz: int) -> Make[SpeechSR]:
    def make(checkpoint: Checkpoint) -> SpeechSR:
        return speechsr_from(checkpoint, _RATES[rate_hz][1]())

    return make
