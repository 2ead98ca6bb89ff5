"""What a run must know of a model before a worker loads it: read from the bundle's page, with no torch in sight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hierbatch.errors import BundleError
from hierbatch.models.bundle import Bundle, find_bundle
from hierbatch.models.official.files import OFFICIAL_KIND
from hierbatch.models.prompt import clean_prompt, hear_prompt

DEFAULT_UPSAMPLER = "speechsr"
UPSAMPLER_KIND = "speechsr_lite"
UPSAMPLER_PARTS = {24_000: "speechsr24k", 48_000: "speechsr48k"}
"""By the rate it gives, the published SpeechSR; the light one gives both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOutline:
    """A model as it will be once it is loaded."""

    name: str
    fingerprint: str
    languages: tuple[str, ...] = ()
    """Languages it speaks."""
    converts: bool = False
    """Whether it takes recordings to other voices."""
    denoises: bool = False
    """Whether it hears prompts through a denoiser of its own."""
    upsamples_to_hz: tuple[int, ...] = ()
    """Rates it gives recordings a top at."""
    check_prompt: Callable[..., Any] = clean_prompt
    """Raises PromptError where the model's `encode_voice` would; like that, it takes another `track` of a model that
    converts."""


def outline_model(bundle: str | Path = "lite") -> ModelOutline:
    """The outline of what `open_model` makes of the same bundle.

    Raises:
        BundleError: no such bundle, or one that neither speaks nor converts, lacks a part or has damaged weights.
    """
    found = find_bundle(bundle)
    check_kind(found)
    converts = found.kind == "lite" or found.has_part("content_encoder") or not found.has_part("ttv")
    for part in _needed_parts(found, converts=converts):
        found.part(part)
    found.check_weights()
    return ModelOutline(
        name=found.name,
        fingerprint=found.fingerprint,
        languages=found.languages,
        converts=converts,
        denoises=found.kind == OFFICIAL_KIND and found.has_part("denoiser"),
        check_prompt=hear_prompt if converts else clean_prompt,
    )


def check_kind(bundle: Bundle) -> None:
    """Raises BundleError for a bundle that `open_model` makes nothing of."""
    if bundle.kind == UPSAMPLER_KIND:
        raise BundleError(
            f"Model {bundle.name!r} raises the rate of recordings, it neither speaks nor converts",
            wanted=f"--model lite, or an imported {OFFICIAL_KIND} one",
            mend=f"`hierbatch upsample --model {bundle.name}` is the command for it",
        )
    if bundle.kind not in ("lite", OFFICIAL_KIND):
        raise BundleError("The bundle is of an unknown kind", wanted=f"lite or {OFFICIAL_KIND}", got=bundle.kind)


def outline_upsampler(bundle: str | Path = DEFAULT_UPSAMPLER) -> ModelOutline:
    """The outline of what `Upsampler.load` makes of the same bundle.

    Raises:
        BundleError: no such bundle, it holds no SpeechSR, or damaged weights.
    """
    found = find_bundle(bundle)
    rates_hz = upsampled_rates(found)
    found.check_weights()
    return ModelOutline(name=found.name, fingerprint=found.fingerprint, upsamples_to_hz=rates_hz)


def upsampled_rates(bundle: Bundle) -> tuple[int, ...]:
    """Rates that a bundle has a SpeechSR for.

    Raises:
        BundleError: for none.
    """
    is_light = bundle.kind == UPSAMPLER_KIND
    rates_hz = tuple(rate_hz for rate_hz, part in UPSAMPLER_PARTS.items() if is_light or bundle.has_part(part))
    if not rates_hz:
        raise BundleError(
            f"Model {bundle.name!r} does not raise the rate of recordings",
            wanted=f"{DEFAULT_UPSAMPLER}, or an imported model with {' or '.join(UPSAMPLER_PARTS.values())}",
            got=f"kind {bundle.kind}",
        )
    return rates_hz


def delivered_rate_hz(bundle: Bundle) -> int:
    """The rate of what a bundle makes of a row: that of its highest SpeechSR where it speaks through one, or is one.

    Conversion alone does not go through it: the page's own rate is that of the networks before.
    """
    is_chain = bundle.has_part("ttv") or not bundle.has_part("synthesizer")
    rates_hz = [rate_hz for rate_hz, part in UPSAMPLER_PARTS.items() if bundle.has_part(part)] if is_chain else []
    return max(rates_hz, default=bundle.rate_hz)


def _needed_parts(bundle: Bundle, *, converts: bool) -> tuple[str, ...]:
    if bundle.kind != OFFICIAL_KIND:
        return ()
    is_denoised = bundle.has_part("denoiser") or bundle.synthesis.get("denoise_ratio", 0.0) > 0
    denoiser = ("denoiser",) if is_denoised else ()
    return ("synthesizer", *(("content_encoder",) if converts else ()), *denoiser)
