"""`hierbatch finetune`: adapt the packaged model to one voice."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierbatch.cli.composed import command
from hierbatch.jobs.options.data import DataLayout
from hierbatch.jobs.options.finetune import PROMPT_FILE, FinetuneSettings
from hierbatch.object_path import local_path


@command
def finetune(
    recordings: Annotated[
        list[Path], typer.Argument(parser=local_path, help="Recordings of one speaker, 5 to 60 minutes in all.")
    ],
    out: Annotated[Path, typer.Option(parser=local_path, help="Folder of the new model: created, or resumed.")],
    consent: Annotated[
        str,
        typer.Option(help="self, licensed, public_domain or synthetic. You are responsible for this statement."),
    ],
    model: Annotated[str, typer.Option("--model", "--bundle", help="Model to start from.")] = "lite",
    asr_model: Annotated[
        Path | None,
        typer.Option(parser=local_path, help="Folder of a Whisper model, to compare the error rate before and after."),
    ] = None,
    *,
    layout: DataLayout,
    settings: FinetuneSettings,
) -> None:
    """Adapt the packaged model to one speaker, without transcripts.

    Held-out clips decide when training stops. The result is a model folder, for
    `--model`, with a prompt of the speaker, voice.flac. The same command resumes.

    Example: hierbatch finetune my_recordings --consent self --out my-voice
    """
    from hierbatch.jobs.training.finetune import FinetuneJob
    from hierbatch.jobs.training.finetune import finetune as finetune_job

    job = FinetuneJob(
        recordings=tuple(recordings),
        out=out,
        consent=consent,
        model=model,
        layout=layout,
        settings=settings,
        asr_model=asr_model,
    )
    result = finetune_job(job, typer.echo)
    if result.comparison is None:
        print(f"Stopped at step {result.step} of {settings.steps}; run the same command to continue.")
        return
    print(result.comparison.to_markdown())
    for missing in result.comparison.missing:
        print(f"not measured: {missing}")
    if not result.comparison.measures[0].is_better:
        print("The held-out clips are not closer to the recordings than before: keep the model you started from.")
    print(f"{out}: the model of step {result.best_step}")
    print(
        f'To try it: hierbatch say "Hello." --model {out} --voice {out / PROMPT_FILE} --consent {consent} -o hello.flac'
    )
