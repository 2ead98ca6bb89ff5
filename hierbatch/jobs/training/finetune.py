"""Fine-tuning of the packaged model to one speaker, with recordings that need no transcripts."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hierbatch.audio.files import write_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.errors import BundleError, InputError
from hierbatch.jobs.options.data import DataLayout
from hierbatch.jobs.options.finetune import PROMPT_FILE, FinetuneSettings
from hierbatch.jobs.training.voice_comparison import VoiceComparison, VoiceMeasure, compare_voices, speak_sentences
from hierbatch.json_object import parse_json_object
from hierbatch.manifest.voices.voices import CONSENTS
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.models.lite.spectral_statistics import SpectralStatisticsMatching
from hierbatch.models.weights.bundle import Bundle, find_bundle
from hierbatch.models.weights.bundle_writing import write_bundle
from hierbatch.storage import write_atomically
from hierbatch.training.recipes.one_voice import OneVoiceOptions, OneVoiceRecipe
from hierbatch.training.trainer.checkpoints import read_tensors
from hierbatch.training.trainer.trainer import Trainer, TrainerOptions
from hierbatch.training.voice_clips import VoiceClips, choose_prompt, prepare_clips, split_clips

_VALIDATE_STEPS = 50
_PATIENCE_STEPS = 150
TRAINING_FOLDER = "training"


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneJob:
    """Recordings of one speaker and the bundle to write."""

    recordings: tuple[Path, ...]
    """Recordings of one speaker, in any layout of `hierbatch.datasets.readers.LAYOUTS`; transcripts are not used."""
    out: Path
    """Folder of the bundle; its subfolder `training` contains everything that is needed to resume training."""
    consent: str
    """Consent of the speaker, one of the values of the column `consent` of a voices table, but not `unknown`."""
    model: str = "lite"
    """Bundle to start from."""
    layout: DataLayout = field(default_factory=DataLayout)
    settings: FinetuneSettings = field(default_factory=FinetuneSettings)
    asr_model: Path | None = None
    """Folder of a Whisper model, with which the error rate is measured; None leaves out this measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneResult:
    """Result of fine-tuning; `comparison` is None if the training is not finished yet.

    `training_s` and `held_out_s` are the durations of the clips used in training and in validation.
    """

    training_s: float
    held_out_s: float
    step: int
    best_step: int
    comparison: VoiceComparison | None


def finetune(job: FinetuneJob, log: Callable[[str], None]) -> FinetuneResult:
    """Fine-tune a model to one voice, or resume the training; then write the bundle, and compare it with the original.

    Raises:
        InputError: there is too little usable speech, the consent is missing or unknown, or an option is invalid.
        BundleError: the start bundle is missing, or is not a Lite bundle.
        StorageError: the disk is full, read-only or gone.
    """
    _check_consent(job.consent)
    DevicePlacement(device=job.settings.device).check_available()
    start = find_bundle(job.model)
    if start.kind != "lite":
        raise BundleError(
            "The model cannot be fine-tuned to a voice", expected="a bundle of kind lite", got=start.kind,
            fix="choose another with --model",
        )  # fmt: skip
    training = job.out / TRAINING_FOLDER
    for row in prepare_clips(job.recordings, training / "clips", job.model, job.layout.dataset_options):
        log(f"{row.id}: {row.reason}")
    clips = split_clips(training / "clips")
    log(f"{clips.training_s:.0f} s to train on, {clips.held_out_s:.0f} s held out")
    recipe = _recipe(job, start, clips)
    baseline = _baseline(recipe, training / "baseline.json")
    log(f"before training: mel distance {baseline:.3f} dB")
    trainer = Trainer(recipe, training / "run", _trainer_options(job.settings), log)
    trainer.train()
    best = trainer.checkpoints.best()
    result = FinetuneResult(
        training_s=clips.training_s,
        held_out_s=clips.held_out_s,
        step=trainer.step,
        best_step=best[0] if best else 0,
        comparison=None,
    )
    is_complete = trainer.step >= job.settings.steps or trainer.has_converged()
    if best is None or not is_complete:
        return result
    weights = _tuned_weights(start, trainer.checkpoints.path(best[0]), recipe.averaged)
    _write_bundle(job, start, weights, clips)
    comparison = _compare(job, clips, VoiceMeasure(
        name="mel distance of held-out clips, dB", is_lower_better=True, before=baseline, after=best[1],
    ))  # fmt: skip
    with write_atomically(job.out / "comparison.json") as temporary:
        temporary.write_text(json.dumps(asdict(comparison), indent=2) + "\n", encoding="utf-8")
    _write_card(job, clips, comparison)
    return replace(result, comparison=comparison)


def _check_consent(consent: str) -> None:
    if consent not in CONSENTS or consent == "unknown":
        raise InputError(
            "The consent of the speaker is missing",
            expected=" or ".join(CONSENTS[:-1]),
            got=consent or "none",
            fix="state with --consent why you may use this voice",
        )


def _recipe(job: FinetuneJob, start: Bundle, clips: VoiceClips) -> OneVoiceRecipe:
    torch.manual_seed(0)
    networks = LiteNetworks.from_weights(LiteConfig.from_dict(start.config), start.load_weights())
    spectral_matching = SpectralStatisticsMatching(
        contrast=start.synthesis.get("latent_contrast", 1.0),
        mean_share=start.synthesis.get("timbre_mean_share", 0.0),
        spread_share=start.synthesis.get("timbre_spread_share", 0.0),
    )
    options = OneVoiceOptions(
        n_steps=job.settings.steps,
        trains_vocoder=job.settings.vocoder,
        acoustic_learning_rate=job.settings.learning_rate,
        vocoder_learning_rate=job.settings.learning_rate / 4,
    )
    return OneVoiceRecipe(
        clips.prepared,
        networks,
        spectral_matching,
        training=clips.training,
        held_out=clips.held_out,
        options=options,
        device=job.settings.device,
    )


def _trainer_options(settings: FinetuneSettings) -> TrainerOptions:
    return TrainerOptions(
        n_steps=settings.steps,
        average_decay=0.99,
        report_steps=10,
        validate_steps=_VALIDATE_STEPS,
        save_steps=_VALIDATE_STEPS,
        keep_last=1,
        keep_every_steps=settings.steps + 1,
        max_duration_s=math.inf if settings.minutes is None else 60 * settings.minutes,
        patience_steps=_PATIENCE_STEPS,
    )


def _baseline(recipe: OneVoiceRecipe, path: Path) -> float:
    """Validation loss of the start bundle; the loss is measured once, and then read from `path`."""
    if not path.is_file():
        with torch.no_grad():
            figures = recipe.validate(recipe.networks)
        with write_atomically(path) as temporary:
            temporary.write_text(json.dumps(figures) + "\n", encoding="utf-8")
    try:
        return float(parse_json_object(path.read_bytes())[recipe.criterion])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged", got=str(error)[:80], fix="delete it: it is measured again") from error


def _tuned_weights(start: Bundle, checkpoint: Path, networks: Sequence[str]) -> dict[str, Tensor]:
    weights = start.load_weights()
    for network in networks:
        tuned = read_tensors(checkpoint, f"{network}.average")
        weights |= {f"{network}.{name}": value for name, value in tuned.items() if f"{network}.{name}" in weights}
    return weights


def _write_bundle(job: FinetuneJob, start: Bundle, weights: dict[str, Tensor], clips: VoiceClips) -> None:
    prompt = choose_prompt(clips)
    write_sound(job.out / PROMPT_FILE, Waveform(clips.prepared.audio(prompt), RATE_HZ))
    page: dict[str, Any] = {
        "name": job.out.resolve().name,
        "kind": start.kind,
        "languages": list(start.languages),
        "frontend_versions": dict(start.frontend_versions),
        "rate_hz": start.rate_hz,
        "license": start.license,
        "config": start.config,
        "synthesis": start.synthesis,
    }
    write_bundle(job.out, weights, page)


def _write_card(job: FinetuneJob, clips: VoiceClips, comparison: VoiceComparison) -> None:
    """Write the model card, with the origin of the model, the consent, and the comparison with the start model."""
    missing = "".join(f"\nNot measured: {name}.\n" for name in comparison.missing)
    text = f"""# {job.out.resolve().name}

The model `{job.model}`, fine-tuned by `hierbatch finetune` to one speaker:
{clips.training_s:.0f} s of recordings without transcripts.

Consent of the speaker, as stated: {job.consent}. Speech of this model is synthetic and has to be marked as such.

{comparison.to_markdown()}
{missing}"""
    with write_atomically(job.out / "MODEL_CARD.md") as temporary:
        temporary.write_text(text, encoding="utf-8")


def _compare(job: FinetuneJob, clips: VoiceClips, mel_distance: VoiceMeasure) -> VoiceComparison:
    language = clips.training[0].language
    prompt = Waveform(clips.prepared.audio(choose_prompt(clips)), RATE_HZ)
    before, after = (
        speak_sentences(LitePipeline.load(bundle), prompt, language) for bundle in (job.model, str(job.out))
    )
    recordings = [Waveform(clips.prepared.audio(clip), RATE_HZ) for clip in clips.held_out]
    found = compare_voices(before, after, recordings, language=language, asr_model=job.asr_model)
    return replace(found, measures=(mel_distance, *found.measures))
