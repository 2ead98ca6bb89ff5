"""`hierbatch choose`: list the takes of rows, and decide on them."""

from __future__ import annotations

from typing import Annotated

import typer

from hierbatch.cli import options


def choose(
    run: options.RunPath,
    ids: Annotated[list[str], typer.Argument(help="Row ids.")],
    pin: Annotated[bool, typer.Option("--pin", help="Deliver this take, whatever the others measure.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Prefer this take to undecided ones and to filter rules.")
    ] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Never deliver this take.")] = False,
    clear: Annotated[bool, typer.Option("--clear", help="Take decisions back.")] = False,
    attempt: Annotated[
        int | None, typer.Option(help="Attempt to decide on. Default: the take that counts; for --clear, all.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="Remark on the row.")] = None,
    who: Annotated[str | None, typer.Option(help="Name of the listener.")] = None,
) -> None:
    """List the takes of rows, or decide on them.

    Decisions are appended to RUN/choices and never deleted; book, export, report
    and open_run obey them. A rejected row without another take is a failed row:
    `hierbatch retry RUN --kind rejected` makes a new one.

    Example: hierbatch choose runs/first c001-00007 --pin --attempt 2
    """
    from hierbatch.errors import InputError
    from hierbatch.jobs.choose import ChooseJob, list_takes
    from hierbatch.jobs.choose import choose as choose_job

    given = {"pin": pin, "keep": keep, "reject": reject, "clear": clear}
    verdicts = [name for name, is_given in given.items() if is_given]
    if len(verdicts) > 1:
        raise InputError("There are two decisions", expected="one", got=" and ".join(verdicts), fix="pass one of them")
    if verdicts or note is not None:
        verdict = verdicts[0] if verdicts else None
        choose_job(ChooseJob(run=run, ids=tuple(ids), verdict=verdict, attempt=attempt, note=note, who=who))
    for take in list_takes(run, tuple(ids)):
        mark = "*" if take["is_best"] else " "
        facts = [f"{take['duration_s']:.2f} s" if take["duration_s"] else take["status"], take["voice"] or ""]
        facts += [*take["flags"], f"[{take['verdict']}]" if take["verdict"] else "", take["text_norm"] or ""]
        print(f"{mark} {take['id']} attempt {take['attempt']}: {', '.join(filter(None, facts))}")
