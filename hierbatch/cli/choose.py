"""`hierbatch choose`: list the takes of rows, and decide on them."""

from __future__ import annotations

from typing import Annotated

import typer

from hierbatch.cli import options


def choose(
    run: options.RunPath,
    ids: Annotated[list[str], typer.Argument(help="Row ids.")],
    verdict: Annotated[
        str | None,
        typer.Option(help="pin: deliver this take; keep: prefer it; reject: never deliver it; clear: no verdict."),
    ] = None,
    attempt: Annotated[
        int | None,
        typer.Option(min=1, max=32_767, help="Attempt to decide on. Default: that of the best take; for clear, all."),
    ] = None,
    note: Annotated[str | None, typer.Option(help="Remark on the row.")] = None,
    who: options.Who = None,
) -> None:
    """List the takes of rows, or decide on them.

    Decisions are appended to RUN/choices and never deleted; book, export, report
    and open_run obey them. A row whose takes are all rejected counts as failed:
    `hierbatch retry RUN --kind rejected` makes a new take.

    Example: hierbatch choose runs/first c001-00007 --verdict pin --attempt 2
    """
    from hierbatch.jobs.choose import ChooseJob, list_takes
    from hierbatch.jobs.choose import choose as choose_job

    if verdict is not None or note is not None:
        choose_job(ChooseJob(run=run, ids=tuple(ids), verdict=verdict, attempt=attempt, note=note, who=who))
    for take in list_takes(run, tuple(ids)):
        mark = "*" if take["is_best"] else " "
        facts = [f"{take['duration_s']:.2f} s" if take["duration_s"] else take["status"], take["voice"] or ""]
        facts += [*take["flags"], f"[{take['verdict']}]" if take["verdict"] else "", take["text_norm"] or ""]
        print(f"{mark} {take['id']} attempt {take['attempt']}: {', '.join(filter(None, facts))}")
