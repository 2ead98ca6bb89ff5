"""Server-sent events: a version at once, one after each change, and the end."""

import asyncio

from hierbatch.desk.changes import changes
from hierbatch.desk.run_view import RunView
from hierbatch.manifest.decisions.choices import Choice, append_choice
from tests.desk.small_desk import small_run


async def _follow(run):
    view = RunView(run)
    events = changes(view)
    found = [await anext(events)]
    append_choice(run, Choice(id="c1s1", note="a note"))
    found.append(await asyncio.wait_for(anext(events), 20))
    view.release()
    found += [event async for event in events]
    view.close()
    return found


def test_a_change_is_pushed_and_the_stream_ends_with_the_desk(tmp_path):
    assert asyncio.run(_follow(small_run(tmp_path / "run"))) == ["data: 1\n\n", "data: 2\n\n"]
