"""Fit of the distribution of voices: principal components, attribute directions, and frames of the average voice.

Legend: N clips, P speakers, D features, K components, A attributes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hierbatch.audio.spectrum import N_MELS
from hierbatch.audio.voice_measures import formant_shift_octaves
from hierbatch.models.lite.voice_space import ATTRIBUTES, PACE_UNIT, SPACE_FILE, voice_space_bytes
from hierbatch.models.weights.bundle import find_bundle
from hierbatch.storage import write_atomically
from tools.voice_space.clips import sex_of
from tools.voice_space.measurements import SENTENCE, Measurements

N_COMPONENTS = 32
_N_FRAMES = 256
_PITCH_WEIGHT = 8.0
"""Weight of the two pitch features among 416 others in the principal components."""
_RIDGE = 10.0
_SHRINKAGE = 0.1
_DATA = (
    "LibriSpeech (CC BY 4.0), Kathleen (CC0), LJSpeech (public domain), Matthes (Apache-2.0), "
    "Zeroth-Korean (CC BY 4.0), LibriVox (public domain), Kokoro-82M (Apache-2.0, synthetic)"
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Components:
    """Principal components of the mean features of the speakers, scaled so that points have unit variance.

    Shape:
        mean        [D]
        components  [K, D]
        projection  [D, K]
        points      [N, K]  all clips
        speakers    [P, K]  mean of each speaker's clips
    """

    mean: Floats
    components: Floats
    projection: Floats
    points: Floats
    speakers: Floats
    explained: float
    """Share of the variance that the components explain."""


@dataclass(frozen=True, slots=True)
class _AttributeMap:
    """Linear map from points to attributes in standard deviations, fitted to the rendered clips.

    Shape:
        mean, deviation  [A]
        weights          [A, K]
        residual         [A, A]  covariance of the residual
        determined       [A]     share of each attribute's variance that the map explains
    """

    mean: Floats
    deviation: Floats
    weights: Floats
    residual: Floats
    determined: Floats


def fit_space(found: Measurements, bundle: str, out: Path | None) -> str:
    """Fit the distribution of voices to measurements, write it to a file, and return a report of the fit's checks.

    Args:
        found: measurements of the clips.
        bundle: name or folder of the bundle that the clips were measured with.
        out: file to write; None for the file in the bundle's folder.
    """
    metadata = find_bundle(bundle)
    space = _fit_components(found)
    rendered = ~found.is_check & np.isfinite(found.acoustic).all(1)
    reference_db = found.spectra_db[rendered].mean(0).astype(np.float64)
    formants = np.array([_shift(row, reference_db) for row in found.spectra_db])
    femininity, report = _fit_femininity(found, formants)
    attributes = _attributes(found.acoustic.astype(np.float64), formants, femininity)
    mapped = _fit_attributes(attributes[rendered], space.points[rendered])
    semantic, mel = _average_frames(found)
    arrays = {
        "mean": space.mean, "components": space.components, "projection": space.projection, "speakers": space.speakers,
        "frames_semantic": semantic, "frames_mel": mel, "attribute_mean": mapped.mean,
        "attribute_deviation": mapped.deviation, "attribute_map": mapped.weights, "attribute_residual": mapped.residual,
        "reference_db": reference_db, "femininity_weights": femininity,
    }  # fmt: skip
    same_distance = _same_speaker_distance(found, space.points)
    page = {
        "weights_sha256": metadata.weights_sha256,
        "same_speaker_distance": round(same_distance, 4),
        "command": f"python -m tools.voice_space --bundle {bundle}",
        "sentence": SENTENCE,
        "pace_unit": PACE_UNIT,
        "data": _DATA,
        "n_speakers": len(space.speakers),
    }
    with write_atomically(out or metadata.folder / SPACE_FILE) as temporary:
        temporary.write_bytes(
            voice_space_bytes({name: value.astype(np.float32) for name, value in arrays.items()}, page)
        )
    return _report(space, mapped, same_distance, report)


def _fit_components(found: Measurements) -> _Components:
    fitted = ~found.is_check
    names = np.unique(found.speakers[fitted])
    features = found.features.astype(np.float64)
    means = np.stack([features[(found.speakers == name) & fitted].mean(0) for name in names])
    mean, scale = means.mean(0), means.std(0) + 1e-3
    weights = np.ones(len(mean))
    weights[-2 * N_MELS - 2 : -2 * N_MELS] = _PITCH_WEIGHT
    _, values, vectors = np.linalg.svd((means - mean) / scale * weights, full_matrices=False)
    deviations = values[:N_COMPONENTS] / np.sqrt(len(names))
    projection = (vectors[:N_COMPONENTS].T * (weights / scale)[:, None]) / deviations
    points = (features - mean) @ projection
    return _Components(
        mean=mean,
        components=deviations[:, None] * vectors[:N_COMPONENTS] / weights * scale,
        projection=projection,
        points=points,
        speakers=np.stack([points[(found.speakers == name) & fitted].mean(0) for name in names]),
        explained=float((values[:N_COMPONENTS] ** 2).sum() / (values**2).sum()),
    )


def _fit_attributes(attributes: Floats, points: Floats) -> _AttributeMap:
    """Fit the map by ridge regression. Shape: attributes [N, A], points [N, K]."""
    mean = attributes.mean(0)
    deviation = np.maximum(attributes.std(0), _least_deviations(mean))
    standard = (attributes - mean) / deviation
    weights = np.linalg.solve(points.T @ points + _RIDGE * np.eye(N_COMPONENTS), points.T @ standard).T
    residual = np.cov((standard - points @ weights.T).T)
    return _AttributeMap(mean, deviation, weights, residual, 1 - np.diag(residual) / standard.var(0))


def _report(space: _Components, mapped: _AttributeMap, same_distance: float, femininity: str) -> str:
    """Lines with the checks of a fit; `femininity` is the line on the discriminant of sex."""
    nearest = float(np.median(_nearest_distances(space.speakers)))
    lines = [
        f"{len(space.speakers)} speakers, {N_COMPONENTS} components with {space.explained:.0%} of the variance",
        f"same speaker, 95 % of clips: {same_distance:.2f}; nearest other speaker: median {nearest:.2f}",
        femininity,
        *(f"{name}: R2 {share:.2f}" for name, share in zip(ATTRIBUTES, mapped.determined, strict=True)),
    ]
    return "\n".join(lines)


def _least_deviations(means: Floats) -> Floats:
    """Minimum standard deviation of each attribute; in some, the model's voices vary less than people do."""
    least = {"pace": 0.12 * means[ATTRIBUTES.index("pace")], "liveliness": 0.3 * means[ATTRIBUTES.index("liveliness")]}
    return np.array([least.get(name, 2.0 if name == "breathiness" else 0.0) for name in ATTRIBUTES])


def _shift(spectrum_db: npt.NDArray[np.float32], reference_db: Floats) -> float:
    if not np.isfinite(spectrum_db).all():
        return float("nan")
    return formant_shift_octaves(spectrum_db.astype(np.float64), reference_db)


def _same_speaker_distance(found: Measurements, points: Floats) -> float:
    """95th percentile of a clip's distance from the mean of the other clips of the same speaker."""
    distances = []
    for name in np.unique(found.speakers[~found.is_check]):
        own = points[(found.speakers == name) & ~found.is_check]
        if len(own) > 1:
            others = (own.sum(0) - own) / (len(own) - 1)
            distances += list(np.linalg.norm(own - others, axis=1))
    return float(np.quantile(distances, 0.95))


def _nearest_distances(speakers: Floats) -> Floats:
    distances = np.linalg.norm(speakers[:, None] - speakers[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    return np.asarray(distances.min(1))


def _fit_femininity(found: Measurements, formants: Floats) -> tuple[Floats, str]:
    """Fit a linear discriminant (Fisher 1936) of sex to F0 and formant shift.

    Return two weights and an offset, and a report of the accuracy on the clips of the fit and of the check.
    """
    sexes = np.array([sex_of(name) for name in found.speakers])
    usable = np.isfinite(found.acoustic).all(1) & (sexes != "")
    inputs = np.stack([found.acoustic[:, 0].astype(np.float64), formants], axis=1)
    train = usable & ~found.is_check
    groups = [inputs[train & (sexes == sex)] for sex in ("female", "male")]
    within = sum(np.cov(group.T) * (len(group) - 1) for group in groups) / (train.sum() - 2)
    within = within + _SHRINKAGE * np.diag(np.diag(within))
    discriminant = np.linalg.solve(within, groups[0].mean(0) - groups[1].mean(0))
    offset = -discriminant @ (groups[0].mean(0) + groups[1].mean(0)) / 2
    right = (inputs @ discriminant + offset > 0) == (sexes == "female")
    checked = usable & found.is_check
    report = (
        f"sex: {right[train].sum()} of {train.sum()} labelled voices, {right[checked].sum()} of {checked.sum()} others"
    )
    return np.array([*discriminant, offset]), report


def _attributes(acoustic: Floats, formants: Floats, femininity: Floats) -> Floats:
    """Attributes in the order of `ATTRIBUTES`, not yet in standard deviations. Shape: returns [N, A]."""
    f0, spread, effort, brightness, aperiodicity, pace = acoustic.T
    feminine = femininity[0] * f0 + femininity[1] * formants + femininity[2]
    return np.stack([f0, feminine, brightness, pace, spread, effort, aperiodicity], axis=1)


def _average_frames(found: Measurements) -> tuple[Floats, Floats]:
    """Mean of each cluster of semantic vectors, and the mean normalized mel of each cluster, over all speakers."""
    from scipy.cluster.vq import kmeans2

    centres, labels = kmeans2(found.semantic.astype(np.float64), _N_FRAMES, minit="points", seed=0, iter=20)
    used = [label for label in range(_N_FRAMES) if (labels == label).any()]
    mel = np.stack([found.frames[labels == label].mean(0) for label in used]).astype(np.float64)
    return centres[used], mel
