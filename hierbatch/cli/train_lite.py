"""`hierbatch train lite`: train one network of HierSpeech2-Lite, or all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train_lite(
    model: Annotated[
        str,
        typer.Argument(
            help="vocoder, content-encoder, acoustic, text-to-vector, speaker-encoder, cross-speaker (unpaired "
            "fine-tuning), text-to-vector-tuning and acoustic-tuning (after a change of the content encoder), prosody, "
            "vocoder-gan (adversarial training of the vocoder), style-denoiser, or all of these; "
            "speechsr-lite, speechsr-lite-gan."
        ),
    ],
    data: Annotated[
        Path, typer.Option(help="Folder of `hierbatch prepare`; for SpeechSR, of Parquet recordings.")
    ] = Path("prepared"),
    out: Annotated[Path, typer.Option(help="Training folder.")] = Path("training"),
    steps: Annotated[
        int | None, typer.Option(min=1, help="Total training steps. Default: that of the network.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, or a GPU such as cuda.")] = "cpu",
    threads: Annotated[int, typer.Option(min=1, max=1024, help="Number of CPU threads.")] = 1,
    minutes: Annotated[float | None, typer.Option(min=0, help="Time limit; the same command resumes.")] = None,
    start: Annotated[str | None, typer.Option(help="Bundle of initial weights.")] = None,
    learning_rate: Annotated[
        float | None, typer.Option(min=1e-9, max=1.0, help="Peak learning rate. Default: that of the network.")
    ] = None,
) -> None:
    """Train one network, or all networks, of HierSpeech2-Lite or SpeechSR.

    The same command resumes a stopped training; `hierbatch models assemble` turns the result into a bundle.

    Example: hierbatch train lite vocoder --data prepared --out training
    """
    from hierbatch.jobs.training.train import TrainJob
    from hierbatch.jobs.training.train import train as run_train
    from hierbatch.training.recipes.catalog import PHASES

    max_duration_s = None if minutes is None else minutes * 60
    for name in PHASES if model == "all" else (model,):
        job = TrainJob(
            model=name,
            data=data,
            out=out,
            n_steps=steps,
            device=device,
            n_threads=threads,
            max_duration_s=max_duration_s,
            start=start,
            learning_rate=learning_rate,
        )
        run_train(job, typer.echo)
