"""Do our networks give what the published ones gave? Every case of a golden folder is run and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from hierbatch.errors import HierbatchError, InputError
from hierbatch.models.golden import GoldenCase, read_golden_folder
from hierbatch.models.verification.alignment import check_alignment
from hierbatch.models.verification.audio import check_pitch, check_resampling, check_style_mel
from hierbatch.models.verification.comparison import Checked, Comparison, GoldenNetworks, NotAtHand
from hierbatch.models.verification.denoiser import check_denoiser
from hierbatch.models.verification.discriminators import check_discriminators
from hierbatch.models.verification.end_to_end import check_end_to_end
from hierbatch.models.verification.speechsr import check_published_speechsr, check_speechsr
from hierbatch.models.verification.synthesizer import check_synthesizer
from hierbatch.models.verification.text import check_text
from hierbatch.models.verification.text_to_vector import check_text_to_vector

Check = Callable[[GoldenCase, GoldenNetworks], Checked]

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
"""How the cases of each module are checked."""

_UNUSABLE = (RuntimeError, ValueError, LookupError, TypeError)
"""What torch and numpy raise on inputs that no network can take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyJob:
    """A golden folder, and the folder of published weights for the cases that need them."""

    golden: Path
    weights: Path | None = None
    """Where it is not given, the folder `weights` beside the golden one, if there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one case went."""

    case: str
    outcome: Literal["ok", "off", "skipped"]
    difference: float | None = None
    """Largest absolute difference, of the output nearest to its tolerance or furthest beyond it."""
    tolerance: float | None = None
    why: str = ""


def verify_models(job: VerifyJob) -> Iterator[Verdict]:
    """One verdict a case, as they are reached; a case that cannot be run is off.

    Raises:
        InputError: the golden folder is missing or damaged, or there is no folder of weights where one is named.
    """
    if job.weights is not None and not job.weights.is_dir():
        raise InputError("There is no folder of published weights", got=str(job.weights))
    folder = read_golden_folder(job.golden)
    networks = GoldenNetworks(folder, job.weights or _weights_beside(job.golden))
    return (_verdict(case, networks) for case in folder.cases)


def _weights_beside(golden: Path) -> Path | None:
    weights = golden.resolve().parent / "weights"
    return weights if weights.is_dir() else None


def _verdict(case: GoldenCase, networks: GoldenNetworks) -> Verdict:
    check = _CHECKS.get(case.module)
    if check is None:
        return Verdict(case=case.name, outcome="skipped", why="not in this version")
    try:
        with torch.inference_mode():
            checked = check(case, networks)
    except HierbatchError as error:
        return Verdict(case=case.name, outcome="off", why=str(error))
    except _UNUSABLE as error:
        why = f"the case cannot be run ({type(error).__name__}: {error})".splitlines()[0]
        return Verdict(case=case.name, outcome="off", why=why)
    if isinstance(checked, NotAtHand):
        return Verdict(case=case.name, outcome="skipped", why=checked.why)
    worst = max(checked, key=lambda comparison: comparison.difference / max(comparison.tolerance, 1e-12))
    missed = [comparison for comparison in checked if not comparison.is_met]
    return Verdict(
        case=case.name,
        outcome="off" if missed else "ok",
        difference=worst.difference,
        tolerance=worst.tolerance,
        why="; ".join(_told(comparison) for comparison in missed),
    )


def _told(missed: Comparison) -> str:
    if missed.found.shape != missed.wanted.shape:
        return f"{missed.output} has shape {list(missed.found.shape)}, wanted {list(missed.wanted.shape)}"
    return f"{missed.output} differs by {missed.difference:.1e}"
