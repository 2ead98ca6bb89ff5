"""`hierbatch prepare`: compute training features of speech data sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.cli.composed import command
from hierbatch.jobs.options.data import DataLayout, FeatureChoice
from hierbatch.object_path import local_path
from hierbatch.training.row_limits import RowLimits

if TYPE_CHECKING:
    from hierbatch.jobs.training.prepare import DataEstimate


@command
def prepare(
    data: Annotated[
        list[Path],
        typer.Argument(parser=local_path, help="Folders or tables of recordings, in any layout of --layout."),
    ] = [],  # noqa: B006 - typer reads the default
    out: Annotated[Path, typer.Option(parser=local_path, help="Folder of the prepared data set.")] = Path("prepared"),
    more_data: Annotated[
        list[Path], typer.Option("--data", parser=local_path, help="The same as the argument; repeatable.")
    ] = [],  # noqa: B006 - typer reads the default
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report hours and bytes, from the headers.")] = False,
    align: Annotated[bool, typer.Option(help="Align phonemes after the features are computed.")] = True,
    process_index: Annotated[
        int, typer.Option(min=0, help="Index of this process, from 0, if several run in parallel.")
    ] = 0,
    n_processes: Annotated[
        int, typer.Option("--n-processes", min=1, help="Number of processes that run in parallel.")
    ] = 1,
    *,
    layout: DataLayout,
    features: FeatureChoice,
    limits: RowLimits,
) -> None:
    """Compute training features of recordings, then align their phonemes.

    The same command resumes an interrupted preparation, and adds new recordings.

    Example: hierbatch prepare LJSpeech-1.1 --out prepared
    """
    from hierbatch.errors import InputError
    from hierbatch.jobs.training.prepare import PrepareJob
    from hierbatch.jobs.training.prepare import estimate as estimate_job
    from hierbatch.jobs.training.prepare import prepare as prepare_job
    from hierbatch.training.durations import align_prepared

    paths = (*data, *more_data)
    if not paths:
        raise InputError("No data set is given", expected="a folder or table of recordings", fix="add its path")
    job = PrepareJob(
        data=paths,
        out=out,
        layout=layout,
        features=features,
        limits=limits,
        process_index=process_index,
        n_processes=n_processes,
    )
    if dry_run:
        _print_estimate(estimate_job(job))
        return
    result = prepare_job(job, typer.echo)
    print(f"{out}: {result.n_rows} rows, {result.n_rejected} left out")
    if align and n_processes == 1:
        align_prepared(out, typer.echo)


def _print_estimate(found: DataEstimate) -> None:
    print(f"{found.n_rows} rows, {found.n_with_text} with text, {found.n_speakers} speakers")
    for language, duration_s in sorted(found.duration_s_by_language.items()):
        print(f"  {language}: {duration_s / 3600:.2f} h")
    for reason, n_rows in found.n_rejected_by_reason.items():
        print(f"  left out, {reason}: {n_rows}")
    print(f"{found.duration_s / 3600:.2f} h in all; the prepared set takes {found.n_bytes / 1e9:.2f} GB")
