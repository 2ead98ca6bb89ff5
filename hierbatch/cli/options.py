"""Options that several commands share, and what they mean together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.object_path import here, place

if TYPE_CHECKING:
    from hierbatch.engine.session import Workforce
    from hierbatch.jobs.voices import VoiceChoice
    from hierbatch.stages.appraise import Measures

RowsPath = Annotated[
    Path, typer.Argument(parser=place, help="Rows to speak: .parquet, .csv or .jsonl with id and text; or s3://...")
]
OutRun = Annotated[Path, typer.Option(parser=place, help="Run folder: made, or gone on with; or s3://...")]
RunPath = Annotated[Path, typer.Argument(parser=place, help="A run folder.")]
Voice = Annotated[
    Path | None, typer.Option(parser=here, help="A recording, 3 to 15 s of one person: everything in this voice.")
]
Voices = Annotated[
    Path | None, typer.Option(parser=here, help="A table of voices (.parquet .csv .jsonl) that rows name.")
]
DefaultVoice = Annotated[str | None, typer.Option(help="With --voices: the voice of rows that name none.")]
Consent = Annotated[
    str, typer.Option(help="With --voice: self, licensed, public_domain or synthetic. Yours to answer for.")
]
AllowUnknownConsent = Annotated[bool, typer.Option(help="Speak in voices whose owners are not known to agree.")]
Denoise = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=1.0,
        metavar="RATIO",
        help="For noisy prompts: 0 takes them as they are, 1 with all noise turned down, between them a mix; by the "
        "model's own denoiser where it has one.",
    ),
]
Model = Annotated[str, typer.Option(help="A packaged model's name, or a bundle's folder.")]
Lexicon = Annotated[
    Path | None, typer.Option(parser=here, help="How words are said: CSV of word,pronunciation,kind,language,scope.")
]
SourceRoot = Annotated[
    Path | None,
    typer.Option(
        parser=here, help="Where paths of recordings start, and stay under; by default the manifest's folder."
    ),
]
Seed = Annotated[int, typer.Option(help="Another seed, another take of every row.")]
Speed = Annotated[float, typer.Option(min=0.5, max=2.0, help="Speaking rate of rows that name none.")]
Engine = Annotated[str, typer.Option(help="ray, or local: one worker in this process.")]
Workers = Annotated[int, typer.Option(min=0, help="Workers on Ray; 0 is one for each core.")]
GpusAWorker = Annotated[float, typer.Option(help="Share of a GPU a worker holds; 0.5 puts two on a GPU.")]
RayAddress = Annotated[
    str, typer.Option(help="A running Ray cluster whose machines see the run folder; else Ray starts here, alone.")
]
Retakes = Annotated[
    int, typer.Option(min=0, max=20, help="How often a take that looks wrong is made again, with another seed.")
]
Device = Annotated[str, typer.Option(help="cpu; a GPU: cuda or, with --engine local, cuda:1; an Apple GPU: mps.")]
Dtype = Annotated[str, typer.Option(help="What sound is computed in: float32, bfloat16; on a GPU float16 too.")]
Compile = Annotated[bool, typer.Option("--compile", help="Compile the networks: slow to start, then faster on a GPU.")]
FullBand = Annotated[
    bool,
    typer.Option("--full-band", help="Give takes of 16 kHz a top above 8 kHz (SpeechSR) before they are mastered."),
]
Update = Annotated[
    bool, typer.Option("--update", help="Go on with changed rows or settings; takes that are still right are kept.")
]
ModelFactory = Annotated[str, typer.Option(hidden=True, help="Import path of another model's loader, for tests.")]

FACTORY = "hierbatch.models.opening:open_model"


def voice_choice(
    voice: Path | None,
    voices: Path | None,
    default: str | None,
    consent: str,
    allow_unknown: bool,
    denoise_ratio: float | None = None,
) -> VoiceChoice:
    """The voices that the options speak of."""
    from hierbatch.jobs.voices import VoiceChoice

    return VoiceChoice(
        file=voice,
        table=voices,
        default=default,
        consent=consent,
        allow_unknown_consent=allow_unknown,
        denoise_ratio=denoise_ratio,
    )


def workforce(engine: str, workers: int, gpus_a_worker: float = 1.0, ray_address: str = "") -> Workforce:
    """The workers that the options speak of."""
    from hierbatch.engine.session import Workforce

    return Workforce(engine=engine, n_workers=workers, gpus_a_worker=gpus_a_worker, address=ray_address)


def measures(names: str, recogniser: Path | None) -> Measures:
    """The measures that the options speak of; `auto` takes the speaker network where it is installed."""
    from hierbatch.models.judges.speaker_network import find_speaker_network
    from hierbatch.stages.appraise import Measures

    if names == "auto":
        chosen = ["semantic", *(["speaker"] if find_speaker_network() else [])]
    else:
        chosen = [] if names == "none" else [name.strip() for name in names.split(",")]
    return Measures.named(chosen, recogniser)


def placement(device: str, dtype: str, is_compiled: bool) -> str:
    """The place to work at that the options speak of, as workers are told it; raises InputError where it makes no
    sense."""
    from hierbatch.models.placement import Placement

    return str(Placement(device=device, dtype=dtype, is_compiled=is_compiled))
