"""A Ray that hierbatch starts: its files are private, and no process of it asks another machine for anything."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hierbatch.engine import ray_privacy
from hierbatch.engine.ray_privacy import ray_folder, without_metadata_requests
from hierbatch.engine.ray_settings import LOOPBACK_ENV
from tests.loading import ROOT

SCRIPT = """
import sys, time
from pathlib import Path
from hierbatch.engine.ray_settings import configure_ray_environment
configure_ray_environment()
from hierbatch.engine import ray_cluster
with ray_cluster.ray_running(n_cpus=1):
    import ray
    session = Path(ray._private.worker._global_node.get_session_dir_path())
    print("mode", oct(session.parents[1].stat().st_mode & 0o777), session.parents[1].stat().st_uid)
    assert ray.get(ray.remote(lambda: Path.home()).remote()) == Path.home(), "workers keep the user's home"
    log = session / "logs" / "dashboard.log"
    for _ in range(600):
        if log.exists() and "Usage reporting is" in log.read_text():
            print("dashboard asked")
            break
        time.sleep(0.1)
print("removed", not session.parents[1].exists())
"""

_ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"|sin_port=htons\((\d+)\)')


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_no_process_of_ray_connects_to_another_machine_and_its_folder_is_private(tmp_path):
    trace = tmp_path / "trace"
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        [
            "strace",
            "-f",
            "-qq",
            "-e",
            "trace=connect,sendto,sendmmsg",
            "-e",
            "signal=none",
            "-o",
            trace,
            sys.executable,
            "-c",
            SCRIPT,
        ],
        cwd=ROOT,
        env=environment | LOOPBACK_ENV | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines() == [f"mode 0o700 {os.getuid()}", "dashboard asked", "removed True"]
    lines = trace.read_text().splitlines()
    connected = {one or other for line in lines for one, other, _ in _ADDRESS.findall(line) if one or other}
    assert "127.0.0.1" in connected  # the trace sees what the processes do
    assert {address for address in connected if not re.match(r"127\.|::1$|::ffff:127\.|::$", address)} == set()
    assert not [line for line in lines if "htons(53)" in line]


def test_only_the_dashboard_gets_another_home(tmp_path, monkeypatch):
    from ray._private import services

    started = {}
    monkeypatch.setattr(
        services,
        "start_ray_process",
        lambda command, process_type, env_updates=None, **options: started.update({process_type: env_updates}),
    )
    original = services.start_ray_process
    with without_metadata_requests(tmp_path):
        services.start_ray_process([], "dashboard", fate_share=True)
        services.start_ray_process([], "raylet", env_updates={"A": "1"})
    assert started["dashboard"].pop("RAY_AUTH_TOKEN_PATH", None) in (None, str(Path.home() / ".ray" / "auth_token"))
    assert started == {"dashboard": {"HOME": str(tmp_path / "home")}, "raylet": {"A": "1"}}
    assert (tmp_path / "home" / "ray_bootstrap_config.yaml").read_text() == "{}\n"
    assert services.start_ray_process is original


def test_the_installed_ray_starts_its_dashboard_through_the_patched_function():
    from ray._private import ray_constants, services

    assert ray_constants.PROCESS_TYPE_DASHBOARD == ray_privacy._DASHBOARD
    assert "start_ray_process" in services.start_api_server.__code__.co_names


def test_the_folder_of_a_ray_is_private_and_removed(monkeypatch, tmp_path):
    with ray_folder() as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "file").touch()
    assert not folder.exists()
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path / ("x" * 100)))  # too long for the path of a socket
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("y" * 100)))
    with ray_folder() as folder:
        assert len(str(folder)) < 40
