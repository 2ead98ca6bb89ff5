"""A real browser for pages: headless Chromium, driven from the command line alone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
)


def chromium() -> str:
    """The browser's path; the test is skipped where there is none."""
    found = next((path for name in _PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    return found


def asked(page: Path, script: str, *, width: int, height: int = 900, is_dark: bool = False) -> dict[str, Any]:
    """What a script finds on a page: the body of an async function that returns something JSON can say.

    The page stands in a frame of `width` CSS pixels, since a window cannot be made as narrow as a phone.
    """
    program = chromium()
    ask = (
        f"<script>addEventListener('load', async () => {{ const told = await (async () => {{ {script} }})(); "
        "parent.postMessage(JSON.stringify(told), '*'); });</script></body>"
    )
    framed = escape(page.read_text(encoding="utf-8").replace("</body>", ask))
    probe = page.with_name("probe.html")
    probe.write_text(
        "<!doctype html><meta charset='utf-8'><meta name='color-scheme' content='light dark'>"
        "<script>onmessage = told => document.documentElement.setAttribute('data-told', told.data)</script>"
        f'<iframe style="border:0;width:{width}px;height:{height}px" srcdoc="{framed}"></iframe>',
        encoding="utf-8",
    )
    # The browser's own clock runs ahead of the threads that decode sound: on a busy machine it may close too early.
    for budget_ms in (20_000, 200_000, 2_000_000):
        done = subprocess.run(
            [
                program,
                *_QUIET,
                f"--blink-settings=preferredColorScheme={0 if is_dark else 1}",
                f"--user-data-dir={page.parent / 'profile'}",
                f"--window-size={max(width, 500) + 50},{height + 50}",
                f"--virtual-time-budget={budget_ms}",
                "--dump-dom",
                probe.as_uri(),
            ],
            capture_output=True,
            timeout=240,
            check=True,
        )
        if told := re.search(r'data-told="([^"]*)"', done.stdout.decode("utf-8")):
            break
    assert told, "the browser gave no answer"
    return json.loads(unescape(told[1]))
