"""`hierbatch prepare`: speech in Parquet to training features."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def prepare(
    data: Annotated[list[Path], typer.Option(help="Folder or Parquet file of recordings; may be repeated.")],
    out: Annotated[Path, typer.Option(help="Where the prepared set goes.")],
    teacher: Annotated[Path, typer.Option(help="Folder of a CTranslate2 Whisper model, the content teacher.")],
    part: Annotated[int, typer.Option(help="This process's share, from 0, where several prepare side by side.")] = 0,
    n_parts: Annotated[int, typer.Option("--parts", help="How many processes prepare side by side.")] = 1,
    align: Annotated[bool, typer.Option(help="Align phonemes once features are made.")] = True,
) -> None:
    """Make training features of recordings, then align them; running again goes on where it stopped."""
    from hierbatch.jobs.prepare import PrepareJob
    from hierbatch.jobs.prepare import prepare as run_prepare
    from hierbatch.training.durations import align_prepared

    run_prepare(PrepareJob(data=tuple(data), out=out, teacher=teacher, part=part, n_parts=n_parts), typer.echo)
    if align and n_parts == 1:
        align_prepared(out, typer.echo)
