"""Golden checks of signal processing around the networks: style mel, resampling, pitch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hierbatch.audio.hierspeechpp_pitch import transfer_log_f0
from hierbatch.audio.kaiser_resample import kaiser_resample
from hierbatch.audio.style_mel import StyleMel
from hierbatch.audio.waveform import Waveform
from hierbatch.audio.yaapt import CONVERSION_CEILING_HZ, TEXT_TO_VECTOR_CEILING_HZ, yaapt_f0
from hierbatch.constants import RATE_HZ
from hierbatch.models.hierspeechpp.text_to_vector.weights import text_to_vector_from
from tools.parity.comparison import CaseResult, GoldenNetworks, OutputCheck, read_arrays
from tools.parity.golden import GoldenCase
from tools.parity.synthesizer import load_full_size_synthesizer

_MEL_TOLERANCE = 1e-4
_STYLE_TOLERANCE = 1e-4
_RESAMPLED_TOLERANCE = 1e-5
_F0_TOLERANCE_HZ = 1e-3
_LOG_F0_TOLERANCE = 1e-5
_SOURCE_MULTIPLE_SAMPLES = 1280
_MAX_TIE_SHARE = 0.01
_MAX_TIE_RATIO = 0.05


def check_style_mel(case: GoldenCase, networks: GoldenNetworks) -> CaseResult:
    """Compare the log-mel spectrogram and the style vectors (synthesizer and TTV) of an audio signal."""
    shapes = {"in_audio": "B L", "out_mel": "B 80 T", "out_g_hier": "B 256", "out_g_ttv": "B 256"}
    arrays = read_arrays(case, shapes)
    mel = StyleMel()(arrays["in_audio"].float())
    model = networks.with_rule_weights("hier", load_full_size_synthesizer)
    lengths = torch.full((len(mel),), mel.shape[-1])
    style = model.encode_style(mel, lengths)
    text_style = networks.with_rule_weights("ttv", text_to_vector_from).style(mel, lengths)
    return [
        OutputCheck("out_mel", mel, arrays["out_mel"], _MEL_TOLERANCE),
        OutputCheck("out_g_hier", style, arrays["out_g_hier"], _STYLE_TOLERANCE),
        OutputCheck("out_g_ttv", text_style, arrays["out_g_ttv"], _STYLE_TOLERANCE),
    ]


def check_resampling(case: GoldenCase, _networks: GoldenNetworks) -> CaseResult:
    """Compare an audio signal after resampling."""
    arrays = read_arrays(case, {"in_audio": "1 N", "out_audio": "1 M"})
    source = Waveform(arrays["in_audio"][0].numpy(), int(case.args["orig_freq"]))
    found = torch.from_numpy(kaiser_resample(source, int(case.args["new_freq"])).samples)[None]
    return [OutputCheck("out_audio", found, arrays["out_audio"], _RESAMPLED_TOLERANCE)]


def check_pitch(case: GoldenCase, _networks: GoldenNetworks) -> CaseResult:
    """Compare YAAPT contours of a source and a prompt, and the source's F0 normalized to the prompt's voice."""
    default = "out_src_f0_hz_ttv_default_fmax"
    shapes = {"in_source": "L", "in_target": "K", "out_src_f0_hz": "1 T", "out_trg_f0_hz": "1 P", "out_log_f0": "1 T"}
    arrays = read_arrays(case, shapes | {default: "1 T"})
    samples = arrays["in_source"].numpy()
    n_samples = (len(samples) // _SOURCE_MULTIPLE_SAMPLES + 1) * _SOURCE_MULTIPLE_SAMPLES
    source = Waveform(np.pad(samples, (0, n_samples - len(samples))), RATE_HZ)
    prompt = Waveform(arrays["in_target"].numpy(), RATE_HZ)
    tracked = {
        "out_src_f0_hz": yaapt_f0(source, CONVERSION_CEILING_HZ),
        "out_trg_f0_hz": yaapt_f0(prompt, CONVERSION_CEILING_HZ),
        default: yaapt_f0(source, TEXT_TO_VECTOR_CEILING_HZ),
    }
    checks = [
        OutputCheck(name, _ignore_ties(torch.from_numpy(f0_hz)[None], arrays[name]), arrays[name], _F0_TOLERANCE_HZ)
        for name, f0_hz in tracked.items()
    ]
    normalized = transfer_log_f0(arrays["out_src_f0_hz"][0].numpy(), arrays["out_trg_f0_hz"][0].numpy())
    log_f0 = torch.from_numpy(normalized)[None]
    return [*checks, OutputCheck("out_log_f0", log_f0, arrays["out_log_f0"], _LOG_F0_TOLERANCE)]


def _ignore_ties(found: Tensor, wanted: Tensor) -> Tensor:
    """Replace nearly equal voiced frames by the wanted values if few frames differ (see `yaapt` on ties)."""
    if found.shape != wanted.shape:
        return found
    difference_hz = (found - wanted).abs()
    is_different = difference_hz > _F0_TOLERANCE_HZ
    is_tie = is_different & (found > 0) & (difference_hz < _MAX_TIE_RATIO * wanted)
    if not bool(is_tie.any()) or float(is_different.double().mean()) > _MAX_TIE_SHARE:
        return found
    return torch.where(is_tie, wanted, found)
