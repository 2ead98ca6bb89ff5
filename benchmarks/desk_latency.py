"""Time from the key press to the sound of a new take at the desk, when idle and beside a running book.

A page in Chromium presses the key; the time ends when the browser starts the new take. The CPU seconds are those of all
processes of the desk and of the run, without the browser.
"""

from __future__ import annotations

import argparse
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]
_CLI = "from hierbatch.cli.app import main; main()"
_SENTENCES = (
    "The lamp was lit, and nobody had seen the cat on the stairs.",
    "It was late, and the rain had not stopped since the morning.",
    "She went down with a candle in her hand, and the door was open.",
    "There were three letters on the table, and none of them was hers.",
)
_STARTED = "() => document.querySelector('#play').getAttribute('aria-label') === 'Pause'"


def main() -> None:
    """Print both times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--engine", default="local", help="engine of the running book")
    parser.add_argument("--chapters", type=int, default=60, help="length of the running book")
    options = parser.parse_args()
    print("| | trials | median, s | longest, s | CPU of the desk, s a take | bar, s |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = folder / "idle" / "run"
        _narrate(folder, "idle", 3, "local").wait()
        _print("idle", _measure(run, options.trials), 1.5)
        driver = _narrate(folder, "busy", options.chapters, options.engine)
        try:
            busy = folder / "busy" / "run"
            _wait(lambda: len(list(busy.glob("parts/*.parquet"))) > 0)
            _print("beside a running book", _measure(busy, options.trials, driver), 5.0)
        finally:
            driver.send_signal(signal.SIGINT)
            driver.wait()


def _print(title: str, trials: list[tuple[float, float]], bar_s: float) -> None:
    walls, cpus = zip(*trials, strict=True)
    print(
        f"| {title} | {len(trials)} | {median(walls):.2f} | {max(walls):.2f} | {median(cpus):.2f} | {bar_s:g} |",
        flush=True,
    )


def _narrate(folder: Path, name: str, n_chapters: int, engine: str) -> subprocess.Popen[bytes]:
    """Narrate a book of repeated sentences, each with a number, so that no two rows are equal."""
    lines = []
    for chapter in range(n_chapters):
        lines.append(f"# Chapter {chapter + 1}\n")
        lines += [f"{sentence} {chapter * 10 + number}.\n" for number in range(8) for sentence in _SENTENCES]
    (folder / f"{name}.md").write_text("\n".join(lines), encoding="utf-8")
    voice = ["--voice", str(ROOT / "manifests" / "voices" / "narrator.flac"), "--consent", "licensed"]
    command = [sys.executable, "-c", _CLI, "narrate", str(folder / f"{name}.md"), *voice]
    command += ["--out", str(folder / name), "--engine", engine, "--to", "flac", "--max-retakes", "0"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _measure(run: Path, n_trials: int, driver: subprocess.Popen[bytes] | None = None) -> list[tuple[float, float]]:
    with _desk(run) as (desk, address), _page(address) as page:
        trials = [_trial(page, desk) for _ in range(n_trials + 1)][1:]  # the first one encodes the voice
        if driver and driver.poll() is not None:
            raise SystemExit("The book ended before the measurement did: pass more --chapters")
        return trials


def _trial(page: Any, desk: subprocess.Popen[str]) -> tuple[float, float]:
    """Ask for a take of the next sentence; returns seconds until its sound, and CPU seconds of the desk."""
    _select_next(page)
    page.locator("#n-takes").select_option("1")
    page.keyboard.press("Escape")
    time.sleep(1.0)  # the sound of the current sentence is loaded
    started, cpu_s = time.monotonic(), _cpu_s(desk.pid)
    page.keyboard.press("r")
    page.wait_for_function(_STARTED, polling="raf")
    wall_s = time.monotonic() - started
    cpu_s = _cpu_s(desk.pid) - cpu_s
    page.keyboard.press("Space")
    page.wait_for_function(f"() => !({_STARTED})()")
    time.sleep(0.5)
    return wall_s, cpu_s


def _select_next(page: Any) -> None:
    """Select the next sentence that is spoken; a book in progress has gaps."""
    for _ in range(500):
        before = page.locator(".s.now").get_attribute("data-id")
        page.keyboard.press("j")
        page.wait_for_function(f"document.querySelector('.s.now')?.dataset.id !== {before!r}")
        page.wait_for_function("document.querySelector('#row-state')?.textContent")
        if page.locator(".take").count():
            return
    raise SystemExit("No sentence is spoken")


def _cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


@contextmanager
def _desk(run: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    desk = subprocess.Popen(
        [sys.executable, "-c", _CLI, "review", str(run), "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        address = desk.stdout.readline().strip() if desk.stdout else ""
        if not re.fullmatch(r"http://\S+", address):
            raise SystemExit("The desk does not start")
        yield desk, address
    finally:
        desk.send_signal(signal.SIGINT)
        desk.wait()


@contextmanager
def _page(address: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_context(bypass_csp=True).new_page()  # its policy refuses the polling of the measurement
        page.set_default_timeout(60_000)
        page.goto(address)
        page.wait_for_selector(".s.now")
        time.sleep(5.0)  # the model is loaded
        yield page
        browser.close()


def _wait(condition: Any, timeout_s: float = 120.0) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("The book does not start")
        time.sleep(0.2)


if __name__ == "__main__":
    main()
