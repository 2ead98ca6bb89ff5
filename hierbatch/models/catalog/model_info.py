"""Model information from bundle.json, available without loading the model or importing torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hierbatch.errors import BundleError
from hierbatch.models.hierspeechpp.files import HIERSPEECHPP_KIND
from hierbatch.models.prompt import check_voiced_prompt, clean_prompt
from hierbatch.models.weights.bundle import Bundle, find_bundle

DEFAULT_UPSAMPLER = "speechsr"
UPSAMPLER_KIND = "speechsr_lite"
UPSAMPLER_COMPONENTS = {24_000: "speechsr24k", 48_000: "speechsr48k"}
"""Published SpeechSR network by output rate in Hz; SpeechSR-Lite serves both rates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """Capabilities and identity of a model, known without loading it."""

    name: str
    fingerprint: str
    weights_sha256: str = ""
    """Hash of the weights; voice files are made for one set of weights."""
    languages: tuple[str, ...] = ()
    """Languages that the model synthesizes from text."""
    frontend_versions: Mapping[str, str] = field(default_factory=dict)
    """Version of the phoneme set that the model expects, per language; the current version for other languages."""
    can_convert: bool = False
    """True if the model converts recordings to other voices."""
    can_sing: bool = False
    """True if the model renders songs."""
    can_denoise: bool = False
    """True if the model has a built-in denoiser for prompts."""
    upsampling_rates_hz: tuple[int, ...] = ()
    """Output sample rates for bandwidth extension, in Hz."""
    check_prompt: Callable[..., Any] = clean_prompt
    """Function that raises PromptError for prompts that the model's `encode_voice` would reject.

    For a conversion model, the function has the keyword argument `track` for the pitch tracker, like `encode_voice`.
    """


def describe_model(found: Bundle) -> ModelInfo:
    """Read the properties of a model of kind `lite` or `hierspeechpp`, and check the hash of its weights.

    Raises:
        BundleError: a component is missing, or weights are missing or damaged.
    """
    converts = found.kind == "lite" or found.has_component("content_encoder") or not found.has_component("ttv")
    for component in _required_components(found, can_convert=converts):
        found.component(component)
    found.check_weights()
    return ModelInfo(
        name=found.name,
        fingerprint=found.fingerprint,
        weights_sha256=found.weights_sha256,
        languages=found.languages,
        frontend_versions=found.frontend_versions,
        can_convert=converts,
        can_sing=found.kind == "lite",
        can_denoise=found.kind == HIERSPEECHPP_KIND and found.has_component("denoiser"),
        check_prompt=check_voiced_prompt if converts else clean_prompt,
    )


def read_upsampler_info(bundle: str | Path = DEFAULT_UPSAMPLER) -> ModelInfo:
    """Read the properties of the model that `Upsampler.load` opens, and check the hash of its weights.

    Raises:
        BundleError: there is no such bundle, it has no SpeechSR, or its weights are damaged.
    """
    found = find_bundle(bundle)
    rates_hz = get_upsampling_rates(found)
    found.check_weights()
    return ModelInfo(name=found.name, fingerprint=found.fingerprint, upsampling_rates_hz=rates_hz)


def get_upsampling_rates(bundle: Bundle) -> tuple[int, ...]:
    """Output rates in Hz for which a bundle has a SpeechSR network.

    Raises:
        BundleError: the bundle has no SpeechSR.
    """
    is_lite = bundle.kind == UPSAMPLER_KIND
    rates_hz = tuple(
        rate_hz for rate_hz, component in UPSAMPLER_COMPONENTS.items() if is_lite or bundle.has_component(component)
    )
    if not rates_hz:
        raise BundleError(
            f"Model {bundle.name!r} does not extend the bandwidth of recordings",
            expected=f"{DEFAULT_UPSAMPLER}, or an imported model with {' or '.join(UPSAMPLER_COMPONENTS.values())}",
            got=f"kind {bundle.kind}",
        )
    return rates_hz


def output_rate_hz(bundle: Bundle) -> int:
    """Output rate of a bundle in Hz: the highest rate of its SpeechSR networks, else the rate of its other networks.

    SpeechSR counts only if synthesized speech passes through it or the bundle has nothing else: a bundle that converts
    but does not synthesize speech returns audio at `Bundle.rate_hz`, without SpeechSR.
    """
    is_upsampled = bundle.has_component("ttv") or not bundle.has_component("synthesizer")
    names = UPSAMPLER_COMPONENTS.items() if is_upsampled else []
    rates_hz = [rate_hz for rate_hz, component in names if bundle.has_component(component)]
    return max(rates_hz, default=bundle.rate_hz)


def _required_components(bundle: Bundle, *, can_convert: bool) -> tuple[str, ...]:
    if bundle.kind != HIERSPEECHPP_KIND:
        return ()
    is_denoised = bundle.has_component("denoiser") or bundle.synthesis.get("denoise_ratio", 0.0) > 0
    denoiser = ("denoiser",) if is_denoised else ()
    return ("synthesizer", *(("content_encoder",) if can_convert else ()), *denoiser)
