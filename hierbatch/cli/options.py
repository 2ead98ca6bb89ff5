"""Options shared by several commands, and the values built from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.object_path import local_path, parse_path

if TYPE_CHECKING:
    from hierbatch.engine.session import Execution
    from hierbatch.jobs.specs.voices import VoiceChoice
    from hierbatch.stages.score_takes import Measures

VOICE_PANEL, SOUND_PANEL, WORKERS_PANEL = "Voice", "Sound", "Workers"
BOOK_PANEL, CORPUS_PANEL = "Audiobook", "Corpus"
"""Option groups in the help."""

ManifestPath = Annotated[
    Path, typer.Argument(parser=parse_path, help="Manifest (.parquet, .csv, .jsonl; or s3://...) with id and text.")
]
RunFolderOut = Annotated[
    Path, typer.Option(parser=parse_path, help="Run folder (or s3://...): created, or resumed if it exists.")
]
RunPath = Annotated[Path, typer.Argument(parser=parse_path, help="Run folder.")]
Voice = Annotated[
    Path | None,
    typer.Option(
        parser=local_path,
        help="Recording of 3 to 15 s of one speaker; used for every row.",
        rich_help_panel=VOICE_PANEL,
    ),
]
Voices = Annotated[
    Path | None,
    typer.Option(
        parser=local_path, help="Table of voices (.parquet, .csv, .jsonl) that rows name.", rich_help_panel=VOICE_PANEL
    ),
]
DefaultVoice = Annotated[
    str | None, typer.Option(help="With --voices: voice of rows without one.", rich_help_panel=VOICE_PANEL)
]
Consent = Annotated[
    str,
    typer.Option(
        help="With --voice: self, licensed, public_domain or synthetic. You are responsible for this statement.",
        rich_help_panel=VOICE_PANEL,
    ),
]
AllowUnknownConsent = Annotated[
    bool,
    typer.Option("--allow-unknown-consent", help="Allow voices without a known consent.", rich_help_panel=VOICE_PANEL),
]
Denoise = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=1.0,
        metavar="RATIO",
        help="Share of the denoised signal in noisy prompts, 0 to 1; uses the model's denoiser if it has one.",
        rich_help_panel=VOICE_PANEL,
    ),
]
Model = Annotated[str, typer.Option(help="Name of a model, or a bundle folder.", rich_help_panel=SOUND_PANEL)]
Lexicon = Annotated[
    Path | None,
    typer.Option(
        parser=local_path,
        help="Pronunciations: CSV with word,pronunciation,kind,language,scope.",
        rich_help_panel=SOUND_PANEL,
    ),
]
SourceRoot = Annotated[
    Path | None,
    typer.Option(parser=local_path, help="Base folder of source paths. Default: the manifest's folder."),
]
Seed = Annotated[int, typer.Option(help="Random seed; another seed gives other takes.", rich_help_panel=SOUND_PANEL)]
Speed = Annotated[
    float,
    typer.Option(
        min=0.5, max=2.0, help="Factor on the speaking rate of rows without one.", rich_help_panel=SOUND_PANEL
    ),
]
Engine = Annotated[
    str, typer.Option(help="ray, or local for one worker in this process.", rich_help_panel=WORKERS_PANEL)
]
Workers = Annotated[
    int, typer.Option(min=0, help="Number of Ray workers; 0 means one per core.", rich_help_panel=WORKERS_PANEL)
]
GpusPerWorker = Annotated[
    float, typer.Option(help="GPUs per worker; 0.5 puts two workers on one GPU.", rich_help_panel=WORKERS_PANEL)
]
RayAddress = Annotated[
    str,
    typer.Option(
        help="Address of a Ray cluster that can access the run folder. Default: a local one.",
        rich_help_panel=WORKERS_PANEL,
    ),
]
MaxRetakes = Annotated[
    int, typer.Option(min=0, max=20, help="Maximum number of retakes, with other seeds, of a flagged row.")
]
Device = Annotated[
    str, typer.Option(help="cpu, cuda, mps (Apple GPU) or, with --engine local, cuda:N.", rich_help_panel=WORKERS_PANEL)
]
Dtype = Annotated[
    str, typer.Option(help="Precision: float32, bfloat16 or, on a GPU, float16.", rich_help_panel=WORKERS_PANEL)
]
Compile = Annotated[
    bool,
    typer.Option(
        "--compile", help="Compile the networks: slower start, faster on a GPU.", rich_help_panel=WORKERS_PANEL
    ),
]
FullBand = Annotated[
    bool,
    typer.Option(
        "--full-band",
        help="Extend the bandwidth of 16 kHz takes (SpeechSR) before mastering.",
        rich_help_panel=SOUND_PANEL,
    ),
]
Update = Annotated[bool, typer.Option("--update", help="Resume with changed rows or settings; valid takes are kept.")]
ModelFactory = Annotated[str, typer.Option(hidden=True, help="Import path of another model loader, for tests.")]

FACTORY = "hierbatch.models.catalog.opening:open_model"


def voice_choice(
    voice: Path | None,
    voices: Path | None,
    default: str | None,
    consent: str,
    allow_unknown: bool,
    denoise_ratio: float | None = None,
) -> VoiceChoice:
    """Build the voice selection from the options.

    Args:
        voice: recording of the only voice.
        voices: table of voices.
        default: voice of rows without one.
        consent: consent status of the speaker in `voice`.
        allow_unknown: accept voices without a known consent.
        denoise_ratio: share of the denoised signal in the prompts, 0 to 1.
    """
    from hierbatch.jobs.specs.voices import VoiceChoice

    return VoiceChoice(
        file=voice,
        table=voices,
        default=default,
        consent=consent,
        allow_unknown_consent=allow_unknown,
        denoise_ratio=denoise_ratio,
    )


def execution(engine: str, workers: int, gpus_per_worker: float = 1.0, ray_address: str = "") -> Execution:
    """Build the execution from the options.

    Args:
        engine: `ray` or `local`.
        workers: number of Ray workers; 0 means one per core.
        gpus_per_worker: GPUs per worker.
        ray_address: address of a Ray cluster; empty starts a local one.
    """
    from hierbatch.engine.session import Execution

    return Execution(engine=engine, n_workers=workers, gpus_per_worker=gpus_per_worker, address=ray_address)


def measures(names: str, asr_model: Path | None) -> Measures:
    """Build the quality measures from the options; `auto` takes all whose packages are installed."""
    from hierbatch.stages.score_takes import Measures

    if names == "auto":
        return Measures.installed(asr_model)
    return Measures.from_names([] if names == "none" else [name.strip() for name in names.split(",")], asr_model)


def placement(device: str, dtype: str, is_compiled: bool) -> str:
    """Build the placement of the workers, as text.

    Raises:
        InputError: the device or dtype is unknown, or they do not fit each other.
    """
    from hierbatch.models.device_placement import DevicePlacement

    return str(DevicePlacement(device=device, dtype=dtype, is_compiled=is_compiled))
