"""Requests to an object store before the first unit of a resumed run."""

import pytest

from hierbatch.engine.pool import LocalPool
from hierbatch.jobs.run import run
from hierbatch.object_path import parse_path
from tests.changing import change
from tests.engine.object_store import s3_server
from tests.jobs.running import job, reordered

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client():
    pytest.importorskip("moto", reason="the S3 server of the dev extra is not installed")
    with s3_server("scale") as made:
        yield made


@pytest.fixture
def requests(monkeypatch):
    """Requests that the server has answered."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication

    seen = []
    answer = DomainDispatcherApplication.__call__

    def count(application, environ, start_response):
        seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"]))
        return answer(application, environ, start_response)

    monkeypatch.setattr(DomainDispatcherApplication, "__call__", count)
    return seen


@pytest.mark.parametrize("n_rows", [400])
def test_a_resumed_run_asks_little_before_its_first_unit(client, requests, tmp_path, monkeypatch, n_rows):
    """Folders that are full by the index are not listed, and no part that it knows is read."""
    modules = ("hierbatch.manifest.runs.run_layout", "hierbatch.engine.committed_rows", "hierbatch.engine.plan_commits")
    for module in modules:
        monkeypatch.setattr(f"{module}.FOLDER_PARTS", 2)
    asked = job(tmp_path, n_rows)
    client.upload_file(str(tmp_path / "m.parquet"), "scale", "m.parquet")
    manifest = parse_path("s3://scale/m.parquet")
    asked = change(reordered(asked, manifest=manifest), out=parse_path("s3://scale/run"))
    run(asked)
    listed = client.list_objects_v2(Bucket="scale", Prefix="run/parts/")["Contents"]
    parts = sorted(entry["Key"] for entry in listed)
    assert len(parts) >= 6
    assert sum(key.count("/") > 2 for key in parts) >= 4  # in folders
    client.delete_object(Bucket="scale", Key=parts[-1])
    at_first_unit = []
    submit = LocalPool.submit
    monkeypatch.setattr(
        LocalPool, "submit", lambda pool, unit: at_first_unit.append(len(requests)) or submit(pool, unit)
    )
    requests.clear()
    outcome = run(asked)
    assert outcome.counts.n_missing == 0
    before = requests[: at_first_unit[0]]
    assert len(before) <= 60
    read = [path for method, path, _ in before if method == "GET" and path.endswith(".parquet") and "/parts/" in path]
    assert read == []
    listed = {query for method, _, query in before if method == "GET" and "list-type=2" in query and "parts" in query}
    assert not any("u00001%2F" in query for query in listed)  # a full folder
