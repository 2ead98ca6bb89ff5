"""`hierbatch respeak`: make new takes of one row, if desired with another text, voice or speed."""

from __future__ import annotations

from typing import Annotated

import typer

from hierbatch.cli import exit_codes, options
from hierbatch.cli.composed import command
from hierbatch.models.catalog.model_choice import DeviceChoice


@command
def respeak(
    run: options.RunPath,
    row_id: Annotated[str, typer.Argument(metavar="ID", help="Row id.")],
    text: Annotated[str | None, typer.Option(help="Text to speak instead.")] = None,
    phonemes: Annotated[str | None, typer.Option(help="Phonemes to speak; the text stays the same.")] = None,
    voice: Annotated[str | None, typer.Option(help="Another voice of the run.")] = None,
    speed: Annotated[float | None, typer.Option(help="Speaking rate factor, 0.5 to 2.")] = None,
    takes: Annotated[int, typer.Option(help="Number of takes, 1 to 5, each with its own seed.")] = 1,
    pin: Annotated[bool, typer.Option("--pin", help="Pin the last new take.")] = False,
    who: options.Who = None,
    *,
    device: DeviceChoice,
) -> None:
    """Make new takes of one row; the current take is used until another is pinned.

    If the run is in progress, its driver makes the takes before its next work unit.

    Example: hierbatch respeak runs/first c001-00007 --text "It was late." --pin
    """
    from hierbatch.jobs.respeak import respeak as respeak_job
    from hierbatch.manifest.decisions.choices import Choice, append_choice
    from hierbatch.manifest.decisions.row_edits import RowEdit
    from hierbatch.manifest.decisions.take_requests import REFUSED, TakeRequest

    edit = RowEdit(text=text, phonemes=phonemes, voice=voice, speed=speed)
    state = respeak_job(run, TakeRequest(id=row_id, edit=edit, n_takes=takes, who=who), device)
    if state.answer == REFUSED:
        print(state.error)
        raise typer.Exit(exit_codes.BAD_INPUT)
    if state.answer is None:
        print("The driver of the run makes the takes before its next work unit")
        return
    if pin:
        key, attempt = state.takes[-1]
        append_choice(run, Choice(id=row_id, take_key=key, attempt=attempt, verdict="pin", who=who))
    made = ", ".join(str(attempt) for _, attempt in state.takes)
    print(f"{row_id}: attempt {made}{', pinned' if pin else ''}")
    if not pin:
        print(f"To deliver one: hierbatch choose {run} {row_id} --verdict pin --attempt {state.takes[-1][1]}")
