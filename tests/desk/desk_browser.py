"""A desk in a process of its own, opened in Chromium; without Chromium these tests fail instead of being skipped."""

import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright

from tests.loading import ROOT

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WAIT_MS = 60_000
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


@contextmanager
def serve(run, *options):
    """The address of a desk, while it runs."""
    code = "from hierbatch.cli.app import main; main()"
    desk = subprocess.Popen(
        [sys.executable, "-c", code, "review", str(run), "--port", "0", *options], stdout=subprocess.PIPE, text=True
    )
    try:
        address = desk.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=\S+", address)
        yield address
        desk.send_signal(signal.SIGINT)
        assert desk.wait(60) == 0
    finally:
        desk.kill()
        desk.wait()
        desk.stdout.close()


@contextmanager
def chromium():
    program = next((path for name in _PROGRAMS if (path := shutil.which(name))), None)
    if program is None:
        pytest.fail("no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def open_page(browser, address, *, width=1280, height=800, scheme="light"):
    """A page of the desk; an error or a blocked resource in it fails the test."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(address)
    page.wait_for_selector(".s.now, tbody tr")
    yield page
    context.close()
    assert problems == []


def accessibility_violations(page):
    """Violations of WCAG 2.2 A and AA, and controls that screen readers cannot name, as lines."""
    if not AXE.exists():
        pytest.fail(f"{AXE} is missing: npm install --no-save axe-core, as .ci/run does")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", tags)
    broken = [f"{rule['id']}: {node['html'][:110]}" for rule in found["violations"] for node in rule["nodes"][:3]]
    return broken + [f"no name: {role}" for role, name in _controls(page) if not name.strip()]


_CONTROLS = {
    "button",
    "checkbox",
    "combobox",
    "dialog",
    "link",
    "radio",
    "radiogroup",
    "searchbox",
    "textbox",
    "toolbar",
}


def _controls(page):
    """Role and name of the controls in the tree that Chromium gives to screen readers."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    shown = [node for node in nodes if not node["ignored"] and node["role"]["value"] in _CONTROLS]
    assert shown
    return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in shown]
