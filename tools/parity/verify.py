"""Verification of our networks against golden outputs of the published HierSpeech++ code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from hierbatch.errors import HierbatchError, InputError
from tools.parity.alignment import check_alignment
from tools.parity.audio import check_pitch, check_resampling, check_style_mel
from tools.parity.comparison import CaseResult, GoldenNetworks, MissingWeights, OutputCheck
from tools.parity.denoiser import check_denoiser
from tools.parity.discriminators import check_discriminators
from tools.parity.end_to_end import check_end_to_end
from tools.parity.golden import GoldenCase, read_golden_folder
from tools.parity.speechsr import check_published_speechsr, check_speechsr
from tools.parity.synthesizer import check_synthesizer
from tools.parity.text import check_text
from tools.parity.text_to_vector import check_text_to_vector

Check = Callable[[GoldenCase, GoldenNetworks], CaseResult]

_CHECKS: Mapping[str, Check] = {
    "hier": check_synthesizer,
    "style_mel": check_style_mel,
    "resample": check_resampling,
    "f0": check_pitch,
    "disc_hier": check_discriminators,
    "disc_sr24": check_discriminators,
    "disc_sr48": check_discriminators,
    "speechsr24k": check_speechsr,
    "speechsr48k": check_speechsr,
    "speechsr_real": check_published_speechsr,
    "denoiser": check_denoiser,
    "mas": check_alignment,
    "ttv": check_text_to_vector,
    "text": check_text,
    "e2e": check_end_to_end,
}
"""Check function for each module's cases; it raises InputError for a case that is damaged or not supported."""

_UNUSABLE = (RuntimeError, ValueError, LookupError, TypeError)
"""Errors that torch and numpy raise on inputs of unsupported shape or type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyJob:
    """A golden folder, and the folder of published weights for cases that need them."""

    golden: Path
    weights: Path | None = None
    """Defaults to the folder `weights` next to the golden folder, if it exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Result of one golden case."""

    case: str
    outcome: Literal["ok", "failed", "skipped"]
    difference: float | None = None
    """Largest absolute difference of the output with the highest ratio of difference to tolerance."""
    tolerance: float | None = None
    reason: str = ""


def verify_models(job: VerifyJob) -> Iterator[Verdict]:
    """Yield a verdict for each golden case, which is run when it is reached; one that raises an error counts as failed.

    Raises:
        InputError: the golden folder is missing or damaged, or the given folder of weights does not exist.
    """
    if job.weights is not None and not job.weights.is_dir():
        raise InputError("The folder of published weights does not exist", got=str(job.weights), fix="check the path")
    folder = read_golden_folder(job.golden)
    networks = GoldenNetworks(folder, job.weights or _default_weights(job.golden))
    return (_verdict(case, networks) for case in folder.cases)


def _default_weights(golden: Path) -> Path | None:
    weights = golden.resolve().parent / "weights"
    return weights if weights.is_dir() else None


def _verdict(case: GoldenCase, networks: GoldenNetworks) -> Verdict:
    check = _CHECKS.get(case.module)
    if check is None:
        return Verdict(case=case.name, outcome="skipped", reason="unknown module")
    try:
        with torch.inference_mode():
            result = check(case, networks)
    except HierbatchError as error:
        return Verdict(case=case.name, outcome="failed", reason=str(error))
    except _UNUSABLE as error:
        reason = f"the case cannot be run ({type(error).__name__}: {error})".splitlines()[0]
        return Verdict(case=case.name, outcome="failed", reason=reason)
    if isinstance(result, MissingWeights):
        return Verdict(case=case.name, outcome="skipped", reason=result.reason)
    worst = max(result, key=lambda output: output.difference / max(output.tolerance, 1e-12))
    mismatches = [output for output in result if not output.is_met]
    return Verdict(
        case=case.name,
        outcome="failed" if mismatches else "ok",
        difference=worst.difference,
        tolerance=worst.tolerance,
        reason="; ".join(_describe(output) for output in mismatches),
    )


def _describe(mismatch: OutputCheck) -> str:
    if mismatch.found.shape != mismatch.expected.shape:
        return f"{mismatch.output} has shape {list(mismatch.found.shape)}, wanted {list(mismatch.expected.shape)}"
    return f"{mismatch.output} differs by {mismatch.difference:.1e}"
