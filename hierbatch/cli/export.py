"""`hierbatch export`: a run to a data set of another tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hierbatch.object_path import here


def export(
    run: Annotated[Path, typer.Argument(parser=here, help="A finished run, of `hierbatch corpus` or any other.")],
    to: Annotated[str, typer.Option(help="hf, lhotse, webdataset, ljspeech or nemo.")],
    out: Annotated[Path, typer.Option(parser=here, help="Folder to make; it must not be there yet.")],
    name: Annotated[str, typer.Option(help="Title of the corpus; the folder's name where it is not given.")] = "",
) -> None:
    """Write the takes that no rule rejected, with a card: hours, speakers, licences, consent, the synthetic mark."""
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.engine.progress import clock
    from hierbatch.jobs.export import ExportJob
    from hierbatch.jobs.export import export as export_job

    line = ProgressLine()
    watch = line.watch()
    made = export_job(ExportJob(run=run, to=to, out=out, name=name), lambda n: watch.notice(f"{n} rows"))
    line.end()
    for split, n_rows in sorted(made.n_rows.items(), key=lambda item: -item[1]):
        print(f"  {split}: {n_rows} rows, {clock(made.seconds[split])}")
    for rule, n_rows in made.rejected.items():
        print(f"  left out, {rule}: {n_rows}")
    total = f"{sum(made.n_rows.values())} rows, {clock(sum(made.seconds.values()))}, {made.n_speakers} speakers"
    print(f"{made.out}: {total}")
