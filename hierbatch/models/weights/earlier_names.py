"""Current names for weights, training phases and bundle metadata that had other names before version 0.1.

The packaged weights, and bundles and checkpoints of early users, still have the earlier names. Functions that read such
files translate the names with this module, so the rest of the code uses the current names alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

_Value = TypeVar("_Value")

_LITE_NETWORKS = (
    (r"^surroundings\.place$", "style_denoiser.target"),
    (r"^surroundings\.direction$", "style_denoiser.direction"),
    (r"^style_denoiser\.place$", "style_denoiser.target"),
    (r"^waveform\.", "vocoder."),
    (r"^content\.", "content_encoder."),
    (r"^critics\.", "discriminators."),
    (r"^judge\.", "speaker_encoder."),
    (r"^voices$", "class_weights"),
)
"""Patterns and replacements for the networks in Lite bundles and in the checkpoints of their training phases."""

# Each pattern matches whole dotted segments; no present name contains one of the earlier segments.
_LAYERS = (
    (r"(^|\.)enter\.", r"\1input_projection."),
    (r"(^|\.)leave\.", r"\1output_projection."),
    (r"(^|\.)enter_semantic\.", r"\1semantic_input."),
    (r"(^|\.)enter_pitch\.", r"\1pitch_input."),
    (r"(^|\.)enter_spectrogram\.", r"\1spectrogram_input."),
    (r"(^|\.)enter_sound\.", r"\1waveform_input."),
    (r"(^|\.)near_keys$", r"\1relative_keys"),
    (r"(^|\.)near_values$", r"\1relative_values"),
    (r"(^|\.)to_heads\.", r"\1qkv."),
    (r"(^|\.)from_heads\.", r"\1projection."),
    (r"(^|\.)sums\.", r"\1residual_skip."),
    (r"(^|\.)doublings\.", r"\1upsamples."),
    (r"(^|\.)posterior_enter\.", r"\1posterior_input."),
    (r"(^|\.)posterior_leave\.", r"\1posterior_output."),
    (r"(^|\.)mask_leave\.", r"\1mask_output."),
    (r"(^|\.)along\.", r"\1depthwise."),
    (r"(^|\.)fall\.", r"\1downsample."),
    (r"(^|\.)rise\.", r"\1upsample."),
    (r"(^|\.)straight\.", r"\1skip."),
    (r"(^|\.)bent\.", r"\1residual."),
    (r"(^|\.)slow_excitation\.", r"\1frame_rate_excitation."),
    (r"^training_parts\.", "training_modules."),
)

_PHASES = {
    "vocoder": "waveform",
    "content-encoder": "content",
    "text-to-vector": "text_to_vector",
    "speaker-encoder": "likeness",
    "cross-speaker": "strangers",
    "vocoder-gan": "adversarial",
    "style-denoiser": "surroundings",
    "speechsr-lite": "speechsr_lite",
    "speechsr-lite-gan": "speechsr_lite_adversarial",
}
"""Earlier folder name of each training phase that was renamed."""

_KINDS = {"official": "hierspeechpp"}


def with_current_names(weights: Mapping[str, _Value], *, is_lite: bool) -> dict[str, _Value]:
    """Replace earlier names of weights with the current ones; other names stay unchanged.

    Args:
        weights: values by weight name.
        is_lite: True for Lite bundles and training checkpoints, whose networks were renamed as well.

    Raises:
        ValueError: two names become equal, so the file mixes earlier and current names of one weight.
    """
    patterns = (_LITE_NETWORKS if is_lite else ()) + _LAYERS
    renamed: dict[str, _Value] = {}
    for name, value in weights.items():
        current = name
        for pattern, replacement in patterns:
            current = re.sub(pattern, replacement, current)
        if current in renamed:
            raise ValueError(f"two weights named {current}")
        renamed[current] = value
    return renamed


def phase_folder(training: Path, phase: str) -> Path:
    """Folder of a training phase, by its current name, or by its earlier name if only that folder exists."""
    earlier = training / _PHASES.get(phase, phase)
    return earlier if earlier.is_dir() and not (training / phase).is_dir() else training / phase


def with_current_metadata(values: dict[str, Any]) -> dict[str, Any]:
    """Replace the earlier kind and keys in the contents of a `bundle.json` with the current ones."""
    values = dict(values)
    if "parts" in values:
        values["components"] = values.pop("parts")
    components = values.get("components", {})
    for component in components.values() if isinstance(components, dict) else ():
        if isinstance(component, dict) and "published" in component:
            component["published_name"] = component.pop("published")
    kind = values.get("kind")
    return values | {"kind": _KINDS.get(kind, kind)} if isinstance(kind, str) else values
