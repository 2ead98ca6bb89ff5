"""`hierbatch train`: train the networks of HierSpeech++ and of HierSpeech2-Lite, and export the result."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hierbatch.cli.composed import command
from hierbatch.cli.train_lite import train_lite
from hierbatch.jobs.options.training import StartOptions, TrainingOptions

if TYPE_CHECKING:
    from hierbatch.jobs.training.train_network import TrainNetworkJob

Prepared = Annotated[Path, typer.Option(help="Folder of `hierbatch prepare`.")]
Recordings = Annotated[Path, typer.Option(help="Folder of Parquet files with full-band recordings.")]
RunFolder = Annotated[Path, typer.Option(help="Run folder; an existing run is resumed.")]

train = typer.Typer(no_args_is_help=True)


@train.callback()
def about() -> None:
    """Train networks, resume training, and export trained weights."""


@train.command()
@command
def synthesizer(
    *,
    data: Prepared = Path("prepared"),
    out: RunFolder = Path("training/synthesizer"),
    recordings: Annotated[
        Path | None, typer.Option(help="Above 16 kHz: Parquet files with the recordings that were prepared.")
    ] = None,
    options: TrainingOptions,
    start: StartOptions,
) -> None:
    """Train a hierarchical synthesizer.

    Example: hierbatch train synthesizer --config synthesizer_tiny --data prepared --out training/tiny
    """
    _train(_job("synthesizer", data, out, options, start, recordings))


@train.command()
@command
def ttv(
    *,
    data: Prepared = Path("prepared"),
    out: RunFolder = Path("training/ttv"),
    options: TrainingOptions,
    start: StartOptions,
) -> None:
    """Train a text-to-vector network.

    Example: hierbatch train ttv --config ttv_multilingual --data prepared --device cuda --precision bf16
    """
    _train(_job("ttv", data, out, options, start))


@train.command()
@command
def speechsr24k(
    *, data: Recordings, out: RunFolder = Path("training/speechsr24k"), options: TrainingOptions, start: StartOptions
) -> None:
    """Train SpeechSR from 16 to 24 kHz.

    Example: hierbatch train speechsr24k --data recordings --device cuda
    """
    _train(_job("speechsr24k", data, out, options, start))


@train.command()
@command
def speechsr48k(
    *, data: Recordings, out: RunFolder = Path("training/speechsr48k"), options: TrainingOptions, start: StartOptions
) -> None:
    """Train SpeechSR from 16 to 48 kHz.

    Example: hierbatch train speechsr48k --config speechsr_tiny --data recordings --minutes 10
    """
    _train(_job("speechsr48k", data, out, options, start))


@train.command()
def configs(
    name: Annotated[str, typer.Argument(help="Name of a configuration, to print it.")] = "",
) -> None:
    """List the shipped configurations, or print one.

    Example: hierbatch train configs ttv > mine.toml
    """
    from hierbatch.training.config_file import find_config, shipped_configs

    if name:
        print(find_config(name).read_text(encoding="utf-8"), end="")
        return
    for config, path in shipped_configs().items():
        lines = itertools.takewhile(lambda line: line.startswith("#"), path.read_text(encoding="utf-8").splitlines())
        comment = " ".join(line.removeprefix("# ") for line in lines).partition(". ")[0].removesuffix(".")
        print(f"{config:24}{comment}")


@train.command()
def perturb(
    data: Prepared = Path("prepared"),
    versions: Annotated[int, typer.Option(min=1, help="Perturbed versions of each recording.")] = 4,
    features: Annotated[str, typer.Option(help="Features of the prepared set, as in `hierbatch prepare`.")] = "lite",
    layer: Annotated[int, typer.Option(help="Layer of an encoder.")] = 7,
) -> None:
    """Compute features of perturbed recordings for the synthesizer's prior.

    Example: hierbatch train perturb --data prepared --versions 4
    """
    from hierbatch.jobs.training.perturb import PerturbJob, compute_perturbed_features

    compute_perturbed_features(PerturbJob(data=data, n_versions=versions, features=features, layer=layer), typer.echo)


@train.command()
def export(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    to: Annotated[
        Literal["bundle", "published"],
        typer.Option(help="bundle, a model of this package; published, a checkpoint under the authors' names."),
    ],
    out: Annotated[Path, typer.Option(help="Bundle folder, or checkpoint file (.pth or .safetensors).")],
    checkpoint: Annotated[str, typer.Option(help="best, latest, or a step.")] = "best",
    weights: Annotated[
        Literal["average", "current"],
        typer.Option(help="The moving average of the weights, or the weights themselves."),
    ] = "average",
    base: Annotated[
        str | None, typer.Option("--with", help="For a bundle: imported bundle that provides the other networks.")
    ] = None,
    license_: Annotated[str, typer.Option("--license", help="License of the weights.")] = "not stated",
) -> None:
    """Export trained weights.

    Example: hierbatch train export training/ttv --to bundle --out models/mine --with hierspeechpp
    """
    from hierbatch.jobs.weights.export_training import ExportTraining, export_training

    step = export_training(
        ExportTraining(
            run=run,
            target=to,
            out=out,
            checkpoint=checkpoint,
            is_averaged=weights == "average",
            base=base,
            license=license_,
        )
    )
    print(f"{out}: step {step}")


train.command("lite")(train_lite)


def _job(
    recipe: str,
    data: Path,
    out: Path,
    options: TrainingOptions,
    start: StartOptions,
    recordings: Path | None = None,
) -> TrainNetworkJob:
    from hierbatch.jobs.training.train_network import TrainNetworkJob

    return TrainNetworkJob(
        recipe=recipe,
        data=data,
        out=out,
        config=options.config,
        recordings=recordings,
        n_steps=options.steps,
        device=options.device,
        precision=options.precision,
        n_threads=options.threads,
        n_workers=options.workers,
        max_duration_s=None if options.minutes is None else 60 * options.minutes,
        start=start.start,
        start_discriminators=start.start_discriminators,
        start_only=(start.start_only,),
        preset=start.preset,
    )


def _train(job: TrainNetworkJob) -> None:
    from hierbatch.jobs.training.train_network import train_network

    train_network(job, typer.echo)
