"""`hierbatch prepare`: compute training features of recordings in Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def prepare(
    data: Annotated[list[Path], typer.Option(help="Folder or Parquet file of recordings; repeatable.")],
    out: Annotated[Path, typer.Option(help="Folder of the prepared data set.")],
    teacher: Annotated[Path, typer.Option(help="Folder of a Whisper model (CTranslate2): target content features.")],
    process_index: Annotated[int, typer.Option(help="Index of this process, from 0, if several run in parallel.")] = 0,
    n_processes: Annotated[int, typer.Option("--n-processes", help="Number of processes that run in parallel.")] = 1,
    align: Annotated[bool, typer.Option(help="Align phonemes after the features are computed.")] = True,
) -> None:
    """Compute training features of recordings, then align their phonemes.

    The same command resumes an interrupted preparation.

    Example: hierbatch prepare --data rec --teacher whisper --out prepared
    """
    from hierbatch.jobs.prepare import PrepareJob
    from hierbatch.jobs.prepare import prepare as run_prepare
    from hierbatch.training.durations import align_prepared

    run_prepare(
        PrepareJob(data=tuple(data), out=out, teacher=teacher, process_index=process_index, n_processes=n_processes),
        typer.echo,
    )
    if align and n_processes == 1:
        align_prepared(out, typer.echo)
