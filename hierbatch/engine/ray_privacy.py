"""Privacy of the Ray instances that hierbatch starts: a private folder, and no requests to cloud metadata services.

Ray's dashboard process, which starts even without the dashboard, detects its cloud provider before it reads
`RAY_USAGE_STATS_ENABLED`: it sends requests to 169.254.169.254 and a name server, unless its home folder has a
`ray_bootstrap_config.yaml`. That process is therefore started with a separate home folder.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

_DASHBOARD = "dashboard"
"""Ray's name for the type of its dashboard process."""
_MAX_PARENT_CHARACTERS = 24
"""Maximum length of the parent folder's path, since paths of sockets are limited to 107 characters."""


@contextmanager
def ray_folder() -> Iterator[Path]:
    """Context with a folder for the files of a Ray instance; only this user can read it. Removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="hb-ray-", dir=_parent()))  # mode 0700
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def without_metadata_requests(folder: Path) -> Iterator[None]:
    """Context in which Ray's dashboard process is started with a home folder inside `folder`.

    Other processes of Ray keep the user's home folder. The context changes nothing in a version of Ray that lacks the
    function to patch.
    """
    home = folder / "home"
    home.mkdir(exist_ok=True)
    (home / "ray_bootstrap_config.yaml").write_text("{}\n", encoding="utf-8")
    services = import_module("ray._private.services")
    start = getattr(services, "start_ray_process", None)
    if start is None:
        yield
        return

    def start_with_home(command: Any, process_type: str, *arguments: Any, **options: Any) -> Any:
        if process_type == _DASHBOARD:
            options["env_updates"] = {**(options.get("env_updates") or {}), **_environment(home)}
        return start(command, process_type, *arguments, **options)

    services.start_ray_process = start_with_home  # type: ignore[attr-defined]
    try:
        yield
    finally:
        services.start_ray_process = start  # type: ignore[attr-defined]


def _environment(home: Path) -> dict[str, str]:
    token = Path.home() / ".ray" / "auth_token"
    kept = {"RAY_AUTH_TOKEN_PATH": str(token)} if token.is_file() and "RAY_AUTH_TOKEN_PATH" not in os.environ else {}
    return {"HOME": str(home), **kept}


def _parent() -> str | None:
    """First temporary folder whose path is short enough for sockets; None, for the system's default, if none is."""
    candidates = [os.environ.get("RAY_TMPDIR"), tempfile.gettempdir(), "/tmp"]
    return next((path for path in candidates if path and len(path) <= _MAX_PARENT_CHARACTERS), None)
