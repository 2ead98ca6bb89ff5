"""A manifest and a run that lie in an object store: the same life as on a disk, in one story."""

import json
import time
from contextlib import ExitStack, nullcontext, suppress
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from hierbatch.cli.app import app
from hierbatch.engine.lease import LEASE_S, hold_lease
from hierbatch.engine.run_folder import RunFolder
from hierbatch.errors import InputError, RunError, StorageError
from hierbatch.jobs.books.book import make_book
from hierbatch.jobs.books.book_job import BookJob
from hierbatch.jobs.compact import CompactJob, compact
from hierbatch.jobs.options.delivery import RunDelivery
from hierbatch.jobs.retry import RetryJob, retry
from hierbatch.jobs.run import run
from hierbatch.manifest.takes.takes import Takes
from hierbatch.object_path import ObjectPath, parse_path
from tests.changing import change
from tests.delivery.book_run import book_rows, write_run
from tests.engine.fake_model import Fault
from tests.engine.object_store import ENVIRONMENT, s3_server
from tests.jobs.reading import all_of, before_opening, finished_run
from tests.jobs.running import LOCAL, job, reordered, sounds

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client():
    pytest.importorskip("moto", reason="the S3 server of the dev extra is not installed")
    with s3_server("speech") as made:
        yield made


def keys(client, prefix):
    return [entry["Key"] for entry in client.list_objects_v2(Bucket="speech", Prefix=prefix).get("Contents", [])]


def in_store(client, folder, name, **options):
    """The job that reads its manifest from the store and puts its run there."""
    asked = job(folder, 140, {3: Fault.RAISE, 9: Fault.CLIPPED}, **options)
    client.upload_file(str(folder / "m.parquet"), "speech", f"{name}/m.parquet")
    return change(
        reordered(asked, manifest=parse_path(f"s3://speech/{name}/m.parquet")),
        out=parse_path(f"s3://speech/{name}/run"),
    )


def test_the_life_of_a_run_is_the_same_as_on_a_disk(client, tmp_path):
    on_disk, in_s3 = tmp_path / "disk", tmp_path / "s3"
    on_disk.mkdir()
    in_s3.mkdir()
    run(job(on_disk, 140, {3: Fault.RAISE, 9: Fault.CLIPPED}, max_retakes=1))
    asked = in_store(client, in_s3, "life", max_retakes=1)
    outcome = run(asked)
    assert (outcome.counts.n_ok, outcome.counts.n_failed, outcome.counts.flags) == (139, 1, {})
    assert sounds(asked.out) == sounds(on_disk / "run")
    parts = keys(client, "life/run/parts/")
    on_the_disk = [path.name for path in sorted((on_disk / "run" / "parts").iterdir())]
    assert [key.rpartition("/")[2] for key in parts] == on_the_disk
    assert keys(client, "life/run/lock") == []

    # A unit whose object is gone is made again under the same key, and nothing else is.
    client.delete_object(Bucket="speech", Key=parts[1])
    assert run(asked).session.n_worked == 64
    assert keys(client, "life/run/parts/") == parts
    assert run(asked).session.n_worked == 0

    assert retry(RetryJob(run=asked.out, execution=LOCAL)).session.n_worked == 1
    told = CliRunner().invoke(app, ["status", "s3://speech/life/run"]).output
    assert "139 of 140 rows done, 1 failed" in told
    assert compact(CompactJob(run=asked.out)).n_parts == 1
    assert sounds(asked.out) == sounds(on_disk / "run")
    noted = [client.get_object(Bucket="speech", Key=key)["Body"].read() for key in keys(client, "life/run/events/")]
    events = {json.loads(line)["event"] for line in noted}
    assert {"start", "retakes", "end", "compact"} <= events

    # The credentials of the environment are in no object and no file.
    objects = [client.get_object(Bucket="speech", Key=key)["Body"].read() for key in keys(client, "life/")]
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for secret in (ENVIRONMENT["AWS_ACCESS_KEY_ID"], ENVIRONMENT["AWS_SECRET_ACCESS_KEY"]):
        assert not [content for content in (*objects, *files) if secret.encode() in content]


def test_a_lease_keeps_a_second_driver_out_until_it_runs_out(client, tmp_path):
    asked = in_store(client, tmp_path, "lease")
    lock = asked.out / "lock"
    lock.write_text(json.dumps({"holder": "process 7 on elsewhere", "until": time.time() + LEASE_S}))
    with pytest.raises(RunError, match="process 7 on elsewhere"):
        run(asked)
    lock.write_text(json.dumps({"holder": "process 7 on elsewhere", "until": time.time() - 1}))
    assert run(asked).counts.n_ok == 139
    assert keys(client, "lease/run/lock") == []  # one that ran out is cleared away


def before_writing(patch, number, act, calls=("put", "write_bytes")):
    """Do an act once, before the so-manyth object is written; gives a list that says whether it was done."""
    done, numbers = [], count(1)

    def watched(real):
        def write(self, *arguments, **options):
            if next(numbers) == number:
                act()
                done.append(True)
            return real(self, *arguments, **options)

        return write

    for name in calls:
        patch.setattr(ObjectPath, name, watched(getattr(ObjectPath, name)))
    return done


def all_takes(run_folder):
    return Takes(run_folder).table(["id", "take_key", "attempt", "status", "flags"]).to_pylist(), sounds(run_folder)


@pytest.mark.timeout(240)
def test_two_drivers_at_once_make_what_one_makes(client, tmp_path, monkeypatch):
    """The lease does not keep them apart for certain: before a write of the one, the other does the whole run."""
    faults = {3: Fault.RAISE, 5: Fault.NAN, 9: Fault.CLIPPED}
    run(job(tmp_path, 12, faults, max_retakes=2))
    wanted = all_takes(tmp_path / "run")
    monkeypatch.setattr("hierbatch.jobs.run.lock_run", nullcontext)
    for number in count(2, 3):
        here = parse_path(f"s3://speech/two{number}/run")
        with monkeypatch.context() as patch:
            seen = []

            def whole_run(here=here, seen=seen):
                run(change(job(tmp_path, 12, faults, max_retakes=2), out=here))
                seen.append(all_takes(here))

            done = before_writing(patch, number, whole_run)
            run(change(job(tmp_path, 12, faults, max_retakes=2), out=here))
        if not done:
            break
        assert seen == [wanted]
        assert all_takes(here) == wanted
    assert number > 8


def test_of_two_that_begin_at_the_same_moment_one_continues(client, monkeypatch):
    """Whatever the one is about to do with the store, the other begins just then, and stays."""
    for number in count(1):
        lock, went_on = parse_path(f"s3://speech/moment{number}/lock"), []
        with ExitStack() as other, monkeypatch.context() as patch:

            def other_begins(lock=lock, went_on=went_on, other=other):
                with suppress(RunError):
                    other.enter_context(hold_lease(lock))
                    went_on.append("other")

            done = before_writing(patch, number, other_begins, ("write_bytes", "glob", "unlink"))
            with suppress(RunError), hold_lease(lock):
                went_on.append("one")
        if not done:
            break
        assert len(went_on) == 1, (number, went_on)
        assert keys(client, f"moment{number}/lock") == []
    assert number > 4


@pytest.mark.timeout(240)
def test_two_that_change_a_run_at_the_same_moment_leave_what_one_was_asked(client, tmp_path, monkeypatch):
    def with_seed(seed, out):
        return change(reordered(job(tmp_path, 12), seed=seed), out=out, update=True)

    run(with_seed(1, tmp_path / "alone"))
    wanted = sounds(tmp_path / "alone")
    n_refused = 0
    for number in count(1):
        here = parse_path(f"s3://speech/change{number}/run")
        run(change(job(tmp_path, 12), out=here))
        with monkeypatch.context() as patch:
            refused = []

            def other_changes(here=here, refused=refused):
                try:
                    run(with_seed(2, here))
                except RunError as error:
                    refused.append(str(error))

            done = before_writing(patch, number, other_changes)
            run(with_seed(1, here))
        if not done:
            break
        n_refused += len(refused)
        assert RunFolder(here).newest()["number"] == 2 + (not refused)
        assert sounds(here) == wanted
        assert all("is in use" in words for words in refused)
    assert n_refused == number - 2 > 4  # all but before the first write, which is the lease


def test_whenever_it_is_compacted_a_reader_sees_every_row_once(client, tmp_path, monkeypatch):
    made = finished_run(tmp_path)
    wanted = all_of(made)
    for opening in count(2, 9):
        for path in filter(Path.is_file, made.rglob("*")):
            client.upload_file(str(path), "speech", f"read{opening}/{path.relative_to(made)}")
        here = parse_path(f"s3://speech/read{opening}")
        with monkeypatch.context() as patch:
            acts = {opening: lambda here=here: compact(CompactJob(run=here))}
            done = before_opening(patch, acts, (ObjectPath, "open_input"))
            assert all_of(here) == wanted, f"before opening {opening}"
        if not done:
            break
    assert opening > 20


def test_the_command_line_takes_addresses(client, tmp_path):
    asked = in_store(client, tmp_path, "cli")
    words = ["run", asked.spec.manifest, "--out", asked.out, "--voice", tmp_path / "anna.wav", "--engine", "local"]
    model = ["--model", tmp_path / "bundle"]
    result = CliRunner().invoke(app, [str(word) for word in (*words, *model)])
    assert result.exit_code == 3, result.output
    assert "139 of 140 rows done" in result.output


def test_a_book_is_made_here_of_a_run_in_a_store(client, tmp_path):
    made = write_run(tmp_path / "run", book_rows(n_chapters=1, n_sentences=3))
    for path in filter(Path.is_file, made.rglob("*")):
        client.upload_file(str(path), "speech", f"book/run/{path.relative_to(made)}")
    words = ["book", "s3://speech/book/run", "--to", "flac", "--profile", "ebu"]
    result = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "there")])
    assert result.exit_code == 0, result.output
    on_disk = make_book(BookJob(run=made, delivery=RunDelivery(to="flac", profile="ebu"), out=tmp_path / "here"))
    (here,) = (file.path for file in on_disk.files)
    there = tmp_path / "there" / here.relative_to(tmp_path / "here")
    # Beside a run on disk, chapters are kept at 24 bit: a sample may round to the neighbouring 16-bit value.
    difference = np.abs(soundfile.read(there, dtype="int16")[0].astype(int) - soundfile.read(here, dtype="int16")[0])
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.02

    before = keys(client, "book/")
    for out in ([], ["--out", "s3://speech/book/made"]):
        refused = CliRunner().invoke(app, [*words, *out])
        assert isinstance(refused.exception, InputError)
        assert "this machine" in str(refused.exception)
    assert keys(client, "book/") == before


@pytest.mark.parametrize(
    "words",
    [
        "export s3://speech/run --to hf --out corpus",
        "report s3://speech/run",
        "dub s3://speech/films --out dubbed --voice anna.wav",
        "dub films --out dubbed --voice anna.wav --segments s3://speech/segments",
        "corpus a.csv s3://speech/b.csv --out corpus --hours 1 --voices voices.csv",
        "corpus a.csv --out corpus --hours 1 --voices s3://speech/voices.csv",
        "run m.csv --out run --voice s3://speech/anna.wav",
        "run m.csv --out run --voice anna.wav --lexicon s3://speech/words.csv",
    ],
)
def test_what_has_to_be_a_file_refuses_an_address_before_any_work(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused = CliRunner().invoke(app, words.split())
    assert isinstance(refused.exception, InputError)
    assert "a path on this machine" in str(refused.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_missing_stops_the_run(client, tmp_path):
    asked = in_store(client, tmp_path, "gone")
    with pytest.raises(StorageError, match="nobody-has-this-bucket"):
        run(change(asked, out=parse_path("s3://nobody-has-this-bucket/run")))


def test_only_what_has_a_scheme_is_in_a_store(tmp_path):
    assert parse_path("runs/book") == type(tmp_path)("runs/book")
    assert parse_path("C:/runs") == type(tmp_path)("C:/runs")
    assert parse_path("s3://bucket/run/") == ObjectPath("s3://bucket/run")
    part = ObjectPath("s3://bucket/run") / "parts" / "u1.parquet"
    assert (part.name, part.stem, part.suffix, part.parent.name) == ("u1.parquet", "u1", ".parquet", "parts")
