"""Score every stage of one or two bundles on committed recordings, and tabulate the scores."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hierbatch.audio.waveform import Waveform
from hierbatch.models.weights.bundle import find_bundle
from tools.evaluation.decomposition.stages import STAGES, Decomposer
from tools.evaluation.evaluation_cache import EvaluationCache
from tools.evaluation.evaluation_set import ClipSource
from tools.evaluation.kit import EvaluationKit, load_kit
from tools.evaluation.reference_recordings import ReferenceRecording, read_recordings

_MEASURES = {"distillmos": "DistillMOS", "dnsmos": "DNSMOS"}

Scores = dict[str, dict[tuple[str, str], list[float]]]
"""Values in the order of the recordings, by corpus, and by stage and measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecomposeJob:
    """Bundles, recordings and evaluation kit."""

    kit: Path
    """Folder of the evaluation kit."""
    data: Path
    """Folder of the recordings, as Parquet files."""
    cache: Path
    """Folder of cached judgements."""
    model: str = "lite"
    """Name or folder of the bundle to take apart."""
    before: str | None = None
    """Bundle to compare with; None for no comparison."""
    limit: int | None = None
    """Maximum number of recordings per corpus; None takes all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedText:
    """A recording with its transcript, and another recording of the same speaker as prompt."""

    corpus: str
    language: str
    recording: ClipSource
    prompt: ClipSource


def recorded_texts(limit: int | None = None) -> list[RecordedText]:
    """Read the committed list of recordings, which training excludes (`docs/evaluation.md`); `limit` is per corpus."""
    listed = json.loads(
        resources.files("tools.evaluation").joinpath("sets/decomposition.json").read_text(encoding="utf-8")
    )
    texts = [
        RecordedText(
            corpus=corpus["name"],
            language=corpus["language"],
            recording=ClipSource(file=pair["file"], row=pair["recording"]),
            prompt=ClipSource(file=pair["file"], row=pair["prompt"]),
        )
        for corpus in listed
        for pair in corpus["pairs"][:limit]
    ]
    return texts


def decompose(job: DecomposeJob, log: Callable[[str], None]) -> str:
    """Score the stages of the bundles and return a Markdown table.

    Raises:
        InputError: the kit, the recordings or some of their rows are missing.
        ProgramError: a package of the kit is not installed.
        BundleError: a bundle does not exist or is of another kind.
    """
    kit, texts = load_kit(job.kit), recorded_texts(job.limit)
    recordings = read_recordings(job.data, [clip for text in texts for clip in (text.recording, text.prompt)])
    cache = EvaluationCache(job.cache, kit.fingerprint)
    scores = [
        _score_stages(name, texts, recordings, lambda sound: _opinions(kit, cache, sound), log)
        for name in (job.model, job.before)
        if name is not None
    ]
    return format_table(scores[0], scores[1] if len(scores) > 1 else None)


def _score_stages(
    name: str,
    texts: Sequence[RecordedText],
    recordings: Mapping[ClipSource, ReferenceRecording],
    score: Callable[[Waveform], dict[str, float]],
    log: Callable[[str], None],
) -> Scores:
    """Scores of every stage of one bundle.

    Args:
        name: name or folder of the bundle.
        texts: recordings to reproduce.
        recordings: audio and transcript of each clip.
        score: function that returns the value of each measure of a sound.
        log: function that receives a line per recording.
    """
    decomposer = Decomposer(find_bundle(name))
    scores: Scores = {}
    for number, text in enumerate(texts, start=1):
        recording, prompt = recordings[text.recording], recordings[text.prompt]
        of_corpus = scores.setdefault(text.corpus, {})
        for stage, render in decomposer.clips(recording.waveform, recording.text, text.language, prompt.waveform):
            for measure, value in score(render()).items():
                of_corpus.setdefault((stage, measure), []).append(value)
        log(f"{name}: {number} of {len(texts)} recordings")
    return scores


def _opinions(kit: EvaluationKit, cache: EvaluationCache, sound: Waveform) -> dict[str, float]:
    samples = sound.samples
    dnsmos = cache.get_or_compute("dnsmos", (samples,), lambda: kit.dnsmos(samples))
    return {
        "distillmos": cache.get_or_compute("distillmos", (samples,), lambda: kit.distillmos(samples)),
        "dnsmos": dnsmos["ovrl"],
    }


def format_table(scores: Scores, before: Scores | None) -> str:
    """Format a Markdown table with one row per stage and two columns per corpus.

    Each cell is a mean with its standard error; with `before`, also the mean of the paired differences, with its
    standard error.
    """
    headings = [f"{corpus}, {title}" for corpus in scores for title in _MEASURES.values()]
    lines = [["stage", *headings], ["---"] * (len(headings) + 1)]
    for stage in STAGES:
        cells = []
        for corpus, values in scores.items():
            for measure in _MEASURES:
                key = (stage, measure)
                cells.append(_cell(values[key], None if before is None else before[corpus][key]))
        lines.append([stage, *cells])
    counts = ", ".join(f"{len(next(iter(values.values())))} {corpus}" for corpus, values in scores.items())
    note = "" if before is None else " In parentheses: mean difference to the other model, pair by pair."
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{table}\n\nRecordings: {counts}. After ±: standard error.{note}\n"


def _cell(values: Sequence[float], before: Sequence[float] | None) -> str:
    text = f"{np.mean(values):.2f} ± {_standard_error(values):.2f}"
    if before is None:
        return text
    differences = np.subtract(values, before)
    return f"{text} ({np.mean(differences):+.2f} ± {_standard_error(differences):.2f})"


def _standard_error(values: Sequence[float] | npt.NDArray[np.float64]) -> float:
    array = np.asarray(values, np.float64)
    return float(array.std(ddof=1) / np.sqrt(len(array))) if len(array) > 1 else 0.0
