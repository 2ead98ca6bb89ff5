"""Assemble trained networks into a model bundle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hierbatch.errors import InputError
from hierbatch.frontend.language import get_language
from hierbatch.frontend.symbols import LANGUAGES
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.upsampling.lite.config import SpeechSRLiteConfig
from hierbatch.models.weights.bundle_writing import write_bundle
from hierbatch.training.phase_checkpoints import has_checkpoint, pipeline_weights, speechsr_weights
from hierbatch.training.recipes.catalog import PHASES


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembleJob:
    """Training folder, output bundle and synthesis settings of a HierSpeech2-Lite bundle."""

    training: Path
    """Training folder."""
    out: Path
    """Folder of the bundle to write."""
    start: str | None = None
    """Bundle that provides the networks that are missing from the training folder; None requires all networks there."""
    f0_spread: float = 1.5
    """Scale factor for the distance of the predicted F0 contour from the speaker's median."""
    prosody_temperature_en: float = 0.5
    """Scale of the prosody network's noise in English, 1 for the variation of recordings; 0 switches it off."""
    prosody_temperature_ko: float = 0.0
    """Scale of the prosody network's noise in Korean."""
    prosody_duration_share: float = 0.0
    """Exponent (0 to 1) of the sampled ratios that scale the predicted word durations; 0 leaves them unchanged."""
    voicing_threshold_en: float = -1.25
    """Logit above which a frame of English is voiced; with this value, as many frames are voiced as in recordings.

    The threshold for Korean is 0, which is better for that language.
    """
    phone_duration_en: float = 1.12
    """Scale factor for durations of English phones, since predicted ones are up to 10 % shorter than recorded ones."""
    phone_duration_ko: float = 1.06
    """Scale factor for durations of Korean phones, since predicted ones are 4 to 8 % shorter than recorded ones."""
    comma_pause_en: float = 0.7
    """Scale factor for pauses at English commas, since predicted ones are 0.9 to 2 times as long as recorded ones."""
    pause_rate_en: float = 1.0
    """Scale factor for the expected number of pauses at English word boundaries without punctuation; 0 adds none."""
    pause_rate_ko: float = 1.0
    """Scale factor for the expected number of pauses at Korean word boundaries without punctuation; 0 adds none."""
    added_pause_en: float = 1.3
    """Scale factor for the pauses that are added in English, since readers of texts without punctuation pause longer
    than at commas."""
    low_noise_db_ko: float = -6.0
    """Gain of the noise below 1 kHz in voiced Korean frames, in dB. Without it, the valleys between harmonics are 6 dB
    shallower than in recordings; in English, they are as deep as in recordings."""
    latent_contrast: float = 1.1
    """Scale factor for the distance of the log-mel latent from the mean of each band over the sentence."""
    timbre_mean_share: float = 1.0
    """Share (0 to 1) by which the mean spectrum of the latent is moved to the long-term spectrum of the prompt."""
    timbre_spread_share: float = 1.0
    """Share (0 to 1) by which each band takes the temporal variance of the prompt instead of `latent_contrast`."""
    timbre_covariance_share_ko: float = 0.7
    """Share (0 to 1) by which the covariances of bands are moved to those of the prompt; used for Korean only, since
    it does not improve English."""
    onset_aspiration: float = 0.35
    """Share (0 to 1) by which word-initial Korean lenis stops are moved towards aspirated ones."""
    source_articulation: float = 0.55
    """Share (0 to 1) of the temporal variance of the source that a voice conversion keeps; the lowest share at which no
    words are lost."""
    conversion_covariance_share: float = 0.3
    """Share (0 to 1) by which conversions of speech move the covariances of bands to those of the prompt."""
    conversion_low_noise_db: float = -6.0
    """Gain of the noise below 1 kHz in voiced frames of converted speech, in dB."""
    clean_style_share_ko: float = 1.0
    """Share (0 to 1) by which the style of a prompt is moved to that of clean recordings; used for Korean only."""
    clean_style_margin: float = 0.5
    """Distance by which the style is moved beyond that of clean recordings, along the direction of noise."""


def assemble(job: AssembleJob) -> None:
    """Write a bundle with the averaged weights (EMA) of the trained networks.

    Raises:
        InputError: a network is not trained, and `start` is None.
    """
    shipped = {phase: plan.networks for phase, plan in PHASES.items() if plan.ships}
    trained = {name for phase, networks in shipped.items() if has_checkpoint(job.training, phase) for name in networks}
    missing = {phase: networks for phase, networks in shipped.items() if not trained.issuperset(networks)}
    if missing and job.start is None:
        raise InputError(
            "Some networks are not trained",
            expected=", ".join(sorted({name for networks in shipped.values() for name in networks})),
            got=f"{', '.join(sorted({name for networks in missing.values() for name in networks} - trained))} missing",
            fix="run `hierbatch train lite` for each, or name a bundle with the missing networks by --start",
        )
    page = {
        "name": job.out.name,
        "kind": "lite",
        "languages": list(LANGUAGES),
        "frontend_versions": {code: get_language(code).version for code in LANGUAGES},
        "rate_hz": 16_000,
        "license": "MIT",
        "config": LiteConfig().to_dict(),
        "synthesis": {
            "f0_spread": job.f0_spread,
            "prosody_temperature_en": job.prosody_temperature_en,
            "prosody_temperature_ko": job.prosody_temperature_ko,
            "prosody_duration_share": job.prosody_duration_share,
            "voicing_threshold_en": job.voicing_threshold_en,
            "phone_duration_en": job.phone_duration_en,
            "phone_duration_ko": job.phone_duration_ko,
            "comma_pause_en": job.comma_pause_en,
            "pause_rate_en": job.pause_rate_en,
            "pause_rate_ko": job.pause_rate_ko,
            "added_pause_en": job.added_pause_en,
            "low_noise_db_ko": job.low_noise_db_ko,
            "latent_contrast": job.latent_contrast,
            "timbre_mean_share": job.timbre_mean_share,
            "timbre_spread_share": job.timbre_spread_share,
            "timbre_covariance_share_ko": job.timbre_covariance_share_ko,
            "onset_aspiration": job.onset_aspiration,
            "source_articulation": job.source_articulation,
            "conversion_covariance_share": job.conversion_covariance_share,
            "conversion_low_noise_db": job.conversion_low_noise_db,
            "clean_style_share_ko": job.clean_style_share_ko,
            "clean_style_margin": job.clean_style_margin,
        },
    }
    write_bundle(job.out, pipeline_weights(job.training, job.start), page)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembleSpeechSR:
    """Training folder and output bundle of the light SpeechSR."""

    training: Path
    """Training folder."""
    out: Path
    """Folder of the bundle to write."""


def assemble_speechsr(job: AssembleSpeechSR) -> None:
    """Write a bundle with the averaged weights (EMA) of the light SpeechSR.

    Raises:
        InputError: the network is not trained yet.
    """
    weights = speechsr_weights(job.training)
    if weights is None:
        raise InputError(
            "The light SpeechSR is not trained",
            expected="a training folder with speechsr-lite",
            got=str(job.training),
            fix="run `hierbatch train lite speechsr-lite`",
        )
    page = {
        "name": job.out.name,
        "kind": "speechsr_lite",
        "languages": [],
        "rate_hz": 48_000,
        "license": "MIT",
        "config": SpeechSRLiteConfig().to_dict(),
        "synthesis": {},
    }
    write_bundle(job.out, weights, page)
