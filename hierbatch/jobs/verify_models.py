"""Do our networks give what the published ones gave? Every case of a golden folder is run and measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch

from hierbatch.errors import HierbatchError, InputError
from hierbatch.models.blocks.anti_aliased import kaiser_sinc
from hierbatch.models.golden import GoldenCase, GoldenFolder, read_golden_folder
from hierbatch.models.official_files import find_official_file
from hierbatch.models.speechsr.config import SpeechSRConfig, speechsr_24k, speechsr_48k
from hierbatch.models.speechsr.model import SpeechSR
from hierbatch.models.speechsr.weights import load_speechsr, speechsr_from

_RULE_TOLERANCE = 1e-4
_REAL_TOLERANCE = 1e-5
_OUTPUTS = {"speechsr24k": "out_audio24k", "speechsr48k": "out_audio48k"}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyJob:
    """A golden folder, and the folder of published weights for the cases that need them."""

    golden: Path
    weights: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one case went."""

    case: str
    outcome: Literal["ok", "off", "skipped"]
    difference: float | None = None
    """Largest absolute difference of any output."""
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
    models = _Models(folder, job.weights)
    return (_verdict(case, models) for case in folder.cases)


@dataclass(slots=True)
class _Models:
    """Networks by module, each made once."""

    folder: GoldenFolder
    weights: Path | None
    made: dict[tuple[str, bool], SpeechSR | None] = field(default_factory=dict)

    def by_rule(self, module: str) -> SpeechSR:
        """The network on the folder's rule weights."""
        model = self.made.get((module, False))
        if model is None:
            checkpoint = self.folder.rule_checkpoint(module, {"filter": kaiser_sinc()[None, None]})
            model = self.made[module, False] = speechsr_from(checkpoint, _configs()[module])
        return model

    def published(self, module: str) -> SpeechSR | None:
        """The network on its published weights, or None where they are not at hand."""
        if (module, True) not in self.made:
            path = find_official_file(self.weights, module) if self.weights else None
            self.made[module, True] = load_speechsr(path, _configs()[module]) if path else None
        return self.made[module, True]


def _configs() -> dict[str, SpeechSRConfig]:
    return {"speechsr24k": speechsr_24k(), "speechsr48k": speechsr_48k()}


def _verdict(case: GoldenCase, models: _Models) -> Verdict:
    try:
        if case.module in _OUTPUTS:
            return _measured(case, {"out_audio": models.by_rule(case.module)}, _RULE_TOLERANCE)
        if case.module == "speechsr_real":
            return _verdict_on_published_weights(case, models)
    except HierbatchError as error:
        return Verdict(case=case.name, outcome="off", why=str(error))
    return Verdict(case=case.name, outcome="skipped", why="not in this version")


def _verdict_on_published_weights(case: GoldenCase, models: _Models) -> Verdict:
    found = {module: models.published(module) for module in _OUTPUTS}
    missing = [module for module, model in found.items() if model is None]
    if missing:
        where = models.weights or "no folder given with --weights"
        why = f"the published weights of {', '.join(missing)} are not at hand ({where})"
        return Verdict(case=case.name, outcome="skipped", why=why)
    by_output = {_OUTPUTS[module]: model for module, model in found.items() if model is not None}
    return _measured(case, by_output, _REAL_TOLERANCE)


def _measured(case: GoldenCase, models: dict[str, SpeechSR], tolerance: float) -> Verdict:
    """Run a case through the network of each output, interpolating as the published code did."""
    arrays = case.arrays()
    absent = {"in_audio16k", *models} - set(arrays)
    if absent:
        return Verdict(case=case.name, outcome="off", why=f"the case has no {', '.join(sorted(absent))}")
    sound = torch.from_numpy(arrays["in_audio16k"]).float()
    if sound.ndim != 3 or sound.shape[1] != 1 or not sound.numel():
        return Verdict(
            case=case.name, outcome="off", why=f"in_audio16k has shape {list(sound.shape)}, wanted [B, 1, N]"
        )
    differences = []
    for output, model in models.items():
        with torch.inference_mode():
            found = model(sound, has_exact_positions=False)
        wanted = torch.from_numpy(arrays[output])
        if found.shape != wanted.shape:
            why = f"{output} has shape {list(found.shape)}, wanted {list(wanted.shape)}"
            return Verdict(case=case.name, outcome="off", why=why)
        differences.append(float((found - wanted).abs().max()))
    worst = max(differences)
    outcome: Literal["ok", "off"] = "ok" if all(value <= tolerance for value in differences) else "off"
    return Verdict(case=case.name, outcome=outcome, difference=worst, tolerance=tolerance)
