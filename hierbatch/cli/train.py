"""`hierbatch train`: one network of the embedded model, or a bundle of all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train(
    model: Annotated[
        str,
        typer.Argument(
            help="waveform, content, acoustic, text_to_vector, likeness, strangers, adversarial, surroundings, or all "
            "of them; speechsr_lite, speechsr_lite_adversarial; `bundle`, `speechsr_bundle`."
        ),
    ],
    data: Annotated[
        Path, typer.Option(help="A set made by `hierbatch prepare`; for SpeechSR a folder of Parquet recordings.")
    ] = Path("prepared"),
    out: Annotated[
        Path, typer.Option(help="Training folder; with `bundle` and `speechsr_bundle` the bundle to write.")
    ] = Path("training"),
    training: Annotated[Path, typer.Option(help="With `bundle`: the training folder.")] = Path("training"),
    steps: Annotated[int | None, typer.Option(help="Steps of the whole schedule.")] = None,
    device: Annotated[str, typer.Option(help="cpu, or a GPU such as cuda.")] = "cpu",
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 1,
    minutes: Annotated[float | None, typer.Option(help="Stop, to be continued, after this long.")] = None,
    start: Annotated[
        str | None, typer.Option(help="A bundle to start from; with `bundle`, to take the rest from.")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Peak learning rate.")] = None,
    f0_spread: Annotated[float, typer.Option(help="With `bundle`: factor on the predicted pitch contour.")] = 1.5,
    latent_contrast: Annotated[float, typer.Option(help="With `bundle`: factor on the latent's movement.")] = 1.1,
) -> None:
    """Train a network of HierSpeech2-Lite; the same command goes on where it stopped."""
    from hierbatch.jobs.assemble import AssembleJob, AssembleSpeechSR, assemble, assemble_speechsr
    from hierbatch.jobs.train import TrainJob
    from hierbatch.jobs.train import train as run_train
    from hierbatch.training.recipes.catalog import PLANS

    if model == "bundle":
        assemble(
            AssembleJob(training=training, out=out, start=start, f0_spread=f0_spread, latent_contrast=latent_contrast)
        )
        typer.echo(f"bundle: {out}")
        return
    if model == "speechsr_bundle":
        assemble_speechsr(AssembleSpeechSR(training=training, out=out))
        typer.echo(f"bundle: {out}")
        return
    longest_s = None if minutes is None else minutes * 60
    for name in PLANS if model == "all" else (model,):
        job = TrainJob(
            model=name,
            data=data,
            out=out,
            n_steps=steps,
            device=device,
            n_threads=threads,
            longest_s=longest_s,
            start=start,
            learning_rate=learning_rate,
        )
        run_train(job, typer.echo)
