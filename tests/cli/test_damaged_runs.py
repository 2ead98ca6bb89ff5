"""Run folders that hypothesis damages: commands end with exit code 0, 2, 3 or 75, never in a traceback.

Files are cut, flipped and joined, JSON gets values of other kinds, tables lose columns and change types.
`HIERBATCH_EXAMPLES=15` makes fifteen times as many examples.
"""

import json
import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hierbatch.desk.desk import Desk
from hierbatch.desk.run_view import RunView
from hierbatch.desk.writer import Writer
from hierbatch.errors import HierbatchError
from tests.cli.test_made_inputs import edited, edits, exit_code
from tests.engine.planned_run import bundle_folder
from tests.making import prompt_file

_SCALE = int(os.environ.get("HIERBATCH_EXAMPLES", "1"))
_STOPPED = 75
_JUNK = (None, [], {}, "", "x", -1, 10**30, 0.5, True, [None], {"x": {}}, ["/etc/passwd"], "\ud800", "../../x")
_COMMANDS = ("status", "verify", "report", "hf", "ljspeech", "book", "retry", "compact", "choose", "run", "review")

pytestmark = pytest.mark.slow  # half a minute: every command is loaded

places = st.floats(0, 1, exclude_max=True)


def damaged_json(value, path, junk):
    """A JSON value of which one part, found along a path of places, is another value."""
    if not path or not isinstance(value, dict | list) or not value:
        return junk
    keys = list(value) if isinstance(value, dict) else range(len(value))
    key = keys[int(path[0] * len(keys))]
    items = {**value} if isinstance(value, dict) else [*value]
    items[key] = damaged_json(value[key], path[1:], junk)
    return items


def damaged_table(table, place, kind):
    """A table with another shape."""
    at = int(place * table.num_columns)
    name = table.column_names[at]
    if kind == "drop":
        return table.drop_columns([name])
    if kind == "null":
        return table.set_column(at, table.schema.field(at), pa.nulls(len(table), table.schema.field(at).type))
    if kind == "text":
        return table.set_column(at, name, pa.array(["x"] * len(table)))
    return {"empty": table.slice(0, 0), "twice": pa.concat_tables([table, table])}[kind]


def damage(path, bytes_edits, route, junk, kind):
    """Damage a file by its kind; None as kind edits the bytes of any file."""
    if kind is None:
        path.write_bytes(edited(path.read_bytes(), bytes_edits))
    elif path.suffix == ".parquet":
        pq.write_table(damaged_table(pq.read_table(path), route[0], kind), path)
    elif path.suffix == ".json":
        path.write_text(json.dumps(damaged_json(json.loads(path.read_text()), route, junk)))
    elif path.suffix == ".jsonl":
        lines = path.read_text().splitlines()
        at = int(route[0] * len(lines))
        lines[at] = json.dumps(damaged_json(json.loads(lines[at]), route[1:], junk))
        path.write_text("\n".join([*lines, ""]))


def open_desk(run):
    """Exit code of a desk that shows a run."""
    try:
        view = RunView(run)
        desk = Desk(view, Writer(view.layout.desk_lock_file, is_wanted=False))
        try:
            desk.summary()
            contents = desk.contents()
            for chapter in contents["chapters"]:
                desk.chapter(chapter["number"])
            desk.row("r001")
        finally:
            desk.close()
    except HierbatchError:
        return 2
    return 0


def outcome(command, folder):
    """Exit code of a command on the damaged run of a folder."""
    run, out = folder / "run", folder / "out"
    if command == "review":
        return open_desk(run)
    words = {
        "status": ("status", run),
        "verify": ("status", run, "--verify"),
        "report": ("report", run, "--out", out / "report.html"),
        "hf": ("export", run, "--to", "hf", "--out", out),
        "ljspeech": ("export", run, "--to", "ljspeech", "--out", out),
        "book": ("book", run, "--to", "flac,srt", "--out", out),
        "retry": ("retry", run, "--engine", "local", "--id", "r002"),
        "compact": ("compact", run),
        "choose": ("choose", run, "r001"),
        "run": ("run", folder / "m.csv", *options(folder)),
    }[command]
    return exit_code(*words)


def options(folder):
    voice = ("--voice", folder / "anna.wav", "--consent", "self", "--language", "en")
    return (*voice, "--model", folder / "bundle", "--engine", "local", "--out", folder / "run")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run with decisions and requests."""
    folder = tmp_path_factory.mktemp("damaged")
    prompt_file(folder)
    bundle_folder(folder)
    lines = [f"r{n:03d},Hello there number {n}.,{1 + n // 3},{1 + n % 3}" for n in range(6)]
    (folder / "m.csv").write_text("\n".join(["id,text,chapter,sentence_index", *lines, ""]))
    assert exit_code("run", folder / "m.csv", *options(folder)) == 0
    assert exit_code("respeak", folder / "run", "r001", "--takes", "2", "--pin") == 0
    assert exit_code("choose", folder / "run", "r002", "--verdict", "keep", "--note", "good") == 0
    return folder


def files_of(folder):
    listed = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return [path for path in listed if path.parts[0] in ("run", "bundle") and path.name != "lock"]


@settings(max_examples=12 * _SCALE, phases=(Phase.explicit, Phase.generate))  # not shrunk, which takes minutes
@given(
    places,
    edits,
    st.lists(places, min_size=2, max_size=5),
    st.sampled_from(_JUNK),
    st.sampled_from([None, "drop", "null", "text", "empty", "twice"]),
    st.sampled_from(_COMMANDS),
)
def test_any_damaged_run_can_be_read(finished, place, bytes_edits, route, junk, kind, command):
    with TemporaryDirectory() as name:
        folder = Path(name) / "copy"
        shutil.copytree(finished, folder)
        files = files_of(folder)
        damage(folder / files[int(place * len(files))], bytes_edits, route, junk, kind)
        assert outcome(command, folder) in (0, 2, 3, _STOPPED), (files[int(place * len(files))], command)


@pytest.mark.parametrize("command", _COMMANDS)
def test_an_intact_run_can_be_read(finished, command):
    with TemporaryDirectory() as name:
        folder = Path(name) / "copy"
        shutil.copytree(finished, folder)
        assert outcome(command, folder) == 0
