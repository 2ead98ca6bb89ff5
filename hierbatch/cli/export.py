"""`hierbatch export`: export a run as a data set for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierbatch.cli.composed import command
from hierbatch.jobs.options.provenance import WatermarkChoice
from hierbatch.object_path import local_path


@command
def export(
    run: Annotated[Path, typer.Argument(parser=local_path, help="Folder of a finished run.")],
    to: Annotated[str, typer.Option(help="Format: hf, lhotse, webdataset, ljspeech or nemo.")],
    out: Annotated[Path, typer.Option(parser=local_path, help="Folder to create; it must not exist.")],
    name: Annotated[str, typer.Option(help="Title of the data set. Default: the folder name.")] = "",
    *,
    marks: WatermarkChoice,
) -> None:
    """Export the accepted takes of a run as a data set.

    The data set card lists duration, speakers, licenses, consent and the
    synthetic-speech notice.

    Example: hierbatch export corpus --to hf --out data/hf
    """
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.engine.progress import format_duration
    from hierbatch.jobs.corpora.export import ExportJob
    from hierbatch.jobs.corpora.export import export as export_job

    line = ProgressLine()
    listener = line.listener()
    result = export_job(
        ExportJob(run=run, to=to, out=out, name=name, watermark=marks.watermark),
        lambda n: listener.on_message(f"{n} rows"),
    )
    line.end()
    for split, n_rows in sorted(result.n_rows.items(), key=lambda item: -item[1]):
        print(f"  {split}: {n_rows} rows, {format_duration(result.seconds[split])}")
    for rule, n_rows in result.rejected.items():
        print(f"  rejected, {rule}: {n_rows}")
    duration = format_duration(sum(result.seconds.values()))
    total = f"{sum(result.n_rows.values())} rows, {duration}, {result.n_speakers} speakers"
    print(f"{result.out}: {total}")
