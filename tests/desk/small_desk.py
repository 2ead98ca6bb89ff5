"""A desk over a small book without a browser: requests go straight into the application."""

import json
from contextlib import contextmanager
from types import SimpleNamespace

from starlette.testclient import TestClient

from hierbatch.desk.access import Secrets
from hierbatch.desk.app import desk_app
from hierbatch.desk.desk import Desk
from hierbatch.desk.run_view import RunView
from hierbatch.desk.writer import Writer
from tests.delivery.book_run import book_rows, later, write_run

BASE = "http://127.0.0.1:8377"


def small_run(fother, rows=None):
    """Two chapters; c1s0 is flagged and has a second take, c1s2 failed, c2s3 is not spoken yet."""
    rows = rows or [row | {"flags": []} for row in book_rows()]
    made = [row for row in rows if row["id"] != "c2s3"]
    made = [row | {"flags": ["too_long"]} if row["id"] == "c1s0" else row for row in made]
    failed = {"status": "failed", "error_kind": "text", "error": "No letters. Expected: text."}
    made = [row | failed if row["id"] == "c1s2" else row for row in made]
    flawed = next(row for row in made if row["id"] == "c1s0")
    other = later(flawed, minutes=1, flags=["too_long", "clipped"], take_key="b" * 32, attempt=2)
    write_run(fother, [*made, other], plan={"g0001": rows, "g0001-r001": [other]})
    (fother / "run.json").write_text(json.dumps({"format": 1, "generations": [{"number": 1}]}))
    return fother


@contextmanager
def open_desk(run, *, is_writable=True):
    desk = Desk(RunView(run), Writer(run / "desk.lock", is_wanted=is_writable))
    secrets = Secrets()
    try:
        with TestClient(desk_app(desk, secrets), base_url=BASE, headers={"origin": BASE}) as client:
            client.get("/", params={"token": secrets.token})
            yield SimpleNamespace(client=client, secrets=secrets, desk=desk)
    finally:
        desk.close()
