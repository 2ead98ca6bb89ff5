"""Distribution of voices: a Gaussian over the principal components of the training speakers' styles.

A voice of Lite is described by its two styles, its pitch and its long-term spectrum. Each point of this space is a
voice, which belongs to nobody if it is far enough from every training speaker. Attributes such as pitch are linear in
the space, so that points with given attributes can be drawn too. `python -m tools.voice_space` computes the file.

Legend: K components, D features, N speakers, A attributes, Q frames of the average voice, C semantic channels, S style,
M mel bands.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hierbatch.audio.spectrum import N_MELS
from hierbatch.errors import BundleError, InputError
from hierbatch.models.lite.prompt_statistics import Floats, LongTermSpectrum, measure_spectrum, move_spectrum
from hierbatch.models.lite.voice import LiteVoice
from hierbatch.models.weights.bundle import Bundle
from hierbatch.storage import read_regular_file

SPACE_FILE = "voices.safetensors"
ATTRIBUTES = ("pitch", "femininity", "brightness", "pace", "liveliness", "effort", "breathiness")
"""Attributes of a voice, measured in standard deviations of the training speakers."""
ARRAYS = (
    "mean", "components", "projection", "speakers", "frames_semantic", "frames_mel", "attribute_mean",
    "attribute_deviation", "attribute_map", "attribute_residual", "reference_db", "femininity_weights",
)  # fmt: skip
_KEY = "hierbatch_voice_space"
PACE_UNIT = "tokens/s"
"""Unit of the mean and deviation of the pace, recorded in the metadata of a file."""
_TOKENS_PER_CHARACTER = 35 / 77
"""Ratio in the measured sentence; files without a unit have the pace in characters of the phoneme string a second."""
_MAX_BYTES = 16 << 20
_MAX_DEVIATION = 2.5
_MAX_DRAWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSpace:
    """Distribution of voices for one set of weights.

    Shape:
        mean                 [D]
        components           [K, D]   features = mean + z @ components with z of unit variance
        projection           [D, K]   z = (features - mean) @ projection
        speakers             [N, K]   training speakers
        frames_semantic      [Q, C]   frames of the average voice
        frames_mel           [Q, 2 M] of unit variance about zero in each band
        attribute_mean, attribute_deviation  [A]
        attribute_map        [A, K]   attributes in standard deviations = attribute_map @ z
        attribute_residual   [A, A]   covariance of the residual of `attribute_map`
        reference_db         [M]      mean long-term spectrum, the reference of formant shifts
        femininity_weights   [3]      weights of F0, formant shift, and offset
    """

    mean: Floats
    components: Floats
    projection: Floats
    speakers: Floats
    frames_semantic: Floats
    frames_mel: Floats
    attribute_mean: Floats
    attribute_deviation: Floats
    attribute_map: Floats
    attribute_residual: Floats
    reference_db: Floats
    femininity_weights: Floats
    same_speaker_distance: float
    """95th percentile of a clip's distance from the mean of the other clips of the same speaker."""
    weights_sha256: str

    @property
    def n_components(self) -> int:
        """Number of principal components."""
        return len(self.components)

    def sample_point(self, generator: np.random.Generator, targets: Mapping[str, float] | None = None) -> Floats:
        """Draw a point that is farther from every training speaker than `same_speaker_distance`.

        Args:
            generator: source of randomness.
            targets: values of attributes, in standard deviations of the training speakers; other attributes are free.

        Shape:
            returns  [K]

        Raises:
            BundleError: none of 200 drawn points was far enough from every training speaker.
            InputError: a target is not an attribute, or not a finite number.
        """
        centre, root = self._given(targets or {})
        for _ in range(_MAX_DRAWS):
            drawn = centre + root @ generator.standard_normal(self.n_components)
            point: Floats = np.clip(drawn, -_MAX_DEVIATION, _MAX_DEVIATION).astype(np.float32)
            if self.nearest_distance(point) > self.same_speaker_distance:
                return point
        raise BundleError("No voice can be drawn that differs from every training speaker", fix="use another seed")

    def nearest_distance(self, point: Floats) -> float:
        """Distance to the nearest training speaker. Shape: [K] -> scalar."""
        return float(np.sqrt(((self.speakers - point) ** 2).sum(1).min()))

    def voice_at(self, point: Floats) -> LiteVoice:
        """Voice at a point; its prompt frames are those of the average voice, moved to the point's long-term spectrum.

        Shape:
            point  [K]
        """
        features = (self.mean + point @ self.components).astype(np.float32)
        n_styles = (len(features) - 2 - 2 * N_MELS) // 2
        text_style, sound_style, pitch, mean, log_spread = np.split(
            features, np.cumsum([n_styles, n_styles, 2, N_MELS])
        )
        spectrum = LongTermSpectrum(mean, np.exp(log_spread))
        return LiteVoice(
            text_style=text_style,
            sound_style=sound_style,
            semantic=self.frames_semantic,
            mel=move_spectrum(self.frames_mel.reshape(-1, N_MELS), spectrum),
            median_f0_hz=float(np.exp(pitch[0])),
            f0_spread_semitones=float(np.exp(pitch[1])),
            sha256=hashlib.sha256(features.tobytes()).hexdigest(),
        )

    def _given(self, targets: Mapping[str, float]) -> tuple[Floats, Floats]:
        """Mean of the points with given attributes, and square root of their covariance (conditional Gaussian)."""
        identity = np.eye(self.n_components)
        if not targets:
            return np.zeros(self.n_components, np.float32), identity.astype(np.float32)
        if wrong := [f"{name} {value}" for name, value in targets.items() if not _is_target(name, value)]:
            raise InputError(
                "A voice cannot be drawn for these targets",
                expected=f"finite values of {', '.join(ATTRIBUTES)}",
                got=", ".join(wrong),
            )
        rows = [ATTRIBUTES.index(name) for name in targets]
        mapped = self.attribute_map[rows].astype(np.float64)
        total = mapped @ mapped.T + self.attribute_residual[np.ix_(rows, rows)]
        gain = np.linalg.solve(total, mapped).T
        values, vectors = np.linalg.eigh(identity - gain @ mapped)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        return (gain @ np.array(list(targets.values()))).astype(np.float32), root.astype(np.float32)


def _is_target(name: str, value: float) -> bool:
    return name in ATTRIBUTES and math.isfinite(value)


def features_of(voice: LiteVoice) -> Floats:
    """Features of a voice: styles, log of the median and of the spread of F0, mean and log spread of each mel band.

    Shape:
        returns  [2 S + 2 + 2 M]
    """
    spectrum = measure_spectrum(voice.mel)
    pitch = np.log([voice.median_f0_hz, max(voice.f0_spread_semitones, 0.1)])
    parts = (voice.text_style, voice.sound_style, pitch, spectrum.mean, np.log(spectrum.spread))
    return np.concatenate(parts).astype(np.float32)


def load_voice_space(bundle: Bundle) -> VoiceSpace:
    """Load the distribution of voices of a bundle.

    Raises:
        BundleError: the distribution is missing, damaged, or computed for other weights.
    """
    from safetensors import SafetensorError, safe_open
    from safetensors.numpy import load

    path = bundle.folder / SPACE_FILE
    fix = "use the packaged model, or compute it with `python -m tools.voice_space`"
    try:
        arrays = load(read_regular_file(path, _MAX_BYTES))
        with safe_open(path, "numpy") as file:
            page = json.loads(file.metadata()[_KEY])
        arrays = {name: arrays[name].astype(np.float32) for name in ARRAYS}
        if page.get("pace_unit") != PACE_UNIT:
            for name in ("attribute_mean", "attribute_deviation"):
                arrays[name][ATTRIBUTES.index("pace")] *= _TOKENS_PER_CHARACTER
        _check_arrays(arrays)
        found = VoiceSpace(
            **arrays,
            same_speaker_distance=float(page["same_speaker_distance"]),
            weights_sha256=str(page["weights_sha256"]),
        )
    except OSError as error:
        raise BundleError(f"Model {bundle.name!r} has no distribution of voices", got=str(error), fix=fix) from error
    except (SafetensorError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise BundleError(f"The distribution of voices {path} is damaged", got=str(error), fix=fix) from error
    if found.weights_sha256 != bundle.weights_sha256:
        raise BundleError(
            f"The distribution of voices of {bundle.name!r} belongs to other weights",
            expected=bundle.weights_sha256,
            got=found.weights_sha256,
            fix=fix,
        )
    return found


def _check_arrays(arrays: Mapping[str, Floats]) -> None:
    """Check that the shapes fit each other and that all values are finite; raises ValueError."""
    (n_components, n_features), n_attributes = arrays["components"].shape, len(ATTRIBUTES)
    n_speakers, n_frames = len(arrays["speakers"]), len(arrays["frames_semantic"])
    shapes = {
        "mean": (n_features,), "projection": (n_features, n_components), "speakers": (n_speakers, n_components),
        "frames_mel": (n_frames, 2 * N_MELS), "attribute_mean": (n_attributes,), "attribute_deviation": (n_attributes,),
        "attribute_map": (n_attributes, n_components), "attribute_residual": (n_attributes, n_attributes),
        "reference_db": (N_MELS,), "femininity_weights": (3,),
    }  # fmt: skip
    wrong = [name for name, shape in shapes.items() if arrays[name].shape != shape]
    wrong += [name for name, array in arrays.items() if not np.isfinite(array).all()]
    if wrong:
        raise ValueError(f"shapes or values of {', '.join(wrong)}")


def voice_space_bytes(arrays: Mapping[str, Floats], page: Mapping[str, object]) -> bytes:
    """Encode a distribution as a safetensors file: arrays in half precision, and metadata.

    Args:
        arrays: one array for each name of `ARRAYS`.
        page: metadata: `weights_sha256`, `same_speaker_distance`, `pace_unit`, and the origin.
    """
    from safetensors.numpy import save

    halves = {name: np.ascontiguousarray(arrays[name], np.float16) for name in ARRAYS}
    content: bytes = save(halves, metadata={_KEY: json.dumps(page, sort_keys=True, ensure_ascii=False)})
    return content
