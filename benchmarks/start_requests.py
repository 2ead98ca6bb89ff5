"""Requests to an object store from the start of a driver to its first work unit.

    python benchmarks/start_requests.py                    # a run with 1.5 million parts
    python benchmarks/start_requests.py --parts 20000

An S3 server of this machine (moto) holds the plan, the table of units, the index and the parts of a run whose last unit
is missing. Counted is what a driver does to find that unit: it loads the index, lists the folders of parts that are not
full according to it, and reads the rows of the unit. Full folders hold a single object here, since none of them is
listed. The lock, the record, the manifest, the voices and the first upload of a run take some 50 further requests.
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scale import write_plan_of_names

from hierbatch.engine.committed_rows import CommittedRows
from hierbatch.engine.run_folder import RunFolder
from hierbatch.manifest.runs.run_layout import FOLDER_PARTS
from hierbatch.object_path import parse_path

_BUCKET = "speech"
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", type=int, default=1_500_000)
    options = parser.parse_args()
    started = time.perf_counter()
    requests = count_requests(options.parts)
    kinds = ", ".join(f"{n} {method}" for method, n in sorted(requests.items()))
    print(f"{options.parts} parts: {requests.total()} requests ({kinds}); {time.perf_counter() - started:.1f} s in all")


def count_requests(n_parts: int) -> Counter[str]:
    """Number of requests by method until the missing unit of a run with some parts is found."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder, _server() as (client, requests):
        _upload(client, Path(folder), n_parts)
        requests.clear()
        n_units = _start()
        if n_units != 1:
            raise SystemExit(f"{n_units} units are pending")
        return Counter(requests)


@contextmanager
def _server() -> Iterator[tuple[Any, Counter[str]]]:
    """Start the server; yields a client with an empty bucket, and the number of requests by method."""
    import boto3
    from moto.server import DomainDispatcherApplication, ThreadedMotoServer

    requests: Counter[str] = Counter()
    answer = DomainDispatcherApplication.__call__

    def count(application: Any, environment: dict[str, Any], start: Any) -> Any:
        requests[environment["REQUEST_METHOD"]] += 1
        return answer(application, environment, start)

    DomainDispatcherApplication.__call__ = count
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ |= {**_CREDENTIALS, "AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    try:
        client = boto3.client("s3")
        client.create_bucket(Bucket=_BUCKET)
        yield client, requests
    finally:
        server.stop()
        DomainDispatcherApplication.__call__ = answer


def _upload(client: Any, folder: Path, n_parts: int) -> None:
    """Write a run whose last unit is missing, four rows per unit, to the bucket."""
    run = RunFolder(folder / "run")
    run.make()
    write_plan_of_names(run.plan_file(1), 4 * (n_parts + 1))
    committed = CommittedRows(run, 1)
    committed.plans[0].is_whole[: n_parts - 1] = True
    committed.add(f"g0001-u{n_parts - 1:06d}")
    committed.save()
    for path in filter(Path.is_file, folder.rglob("*")):
        client.upload_file(str(path), _BUCKET, str(path.relative_to(folder)))
    for first in range(0, n_parts, FOLDER_PARTS):
        is_listed = first == 0 or first + FOLDER_PARTS > n_parts
        for number in range(first, min(n_parts, first + FOLDER_PARTS)) if is_listed else (first,):
            path = run.part_file(f"g0001-u{number:06d}").relative_to(folder)
            client.put_object(Bucket=_BUCKET, Key=str(path), Body=b"")


def _start() -> int:
    """Find the pending rows as a driver does; returns the number of their units."""
    committed = CommittedRows(RunFolder(parse_path(f"s3://{_BUCKET}/run")), 1)
    committed.refresh(complete=False)
    return len(list(committed.pending(committed.plans[0]).units()))


if __name__ == "__main__":
    main()
