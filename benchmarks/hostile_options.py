"""Exit codes of commands with hostile values of each of their options.

    python benchmarks/hostile_options.py
    python benchmarks/hostile_options.py --only intake prepare

Each option of a command gets values that its type does not expect: numbers that are not finite, negative or enormous,
texts that are empty, long, or name another folder, and paths to devices, pipes, loops and random bytes. Every command
runs in a process of its own on small inputs. It passes if it ends with exit code 0, 2 or 3, or 75 if it was stopped by
a write that fails, without a traceback, within a minute, and if it leaves nothing outside its output folder.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "plugins"), str(ROOT)]  # the package of the fake model

from shared_attack_cases import VOICE, Outcome, load_commands, run_forked  # noqa: E402

from tests.engine.fake_model import write_fake_bundle  # noqa: E402
from tests.tiny_bundle import write_tiny_bundle  # noqa: E402

_TIMEOUT_S = 60
_CODES = (0, 2, 3, 75)
NUMBERS = ("nan", "inf", "-inf", "-1", "0", "1e308", "-1e-9", "1" * 400, "1.5", "0x10", "", "x", "１２")
TEXTS = (
    "", " ", "../../x", "/etc/passwd", "\u202etxt", "x" * 300, "x" * 5000, "=1+1", "a\nb", os.fsdecode(b"\xff"), "🎙",
    "a,b;c=d", "-x", "null", "%s{}", "0", "-1",
)  # fmt: skip
PATHS = (
    "",
    ".",
    "/dev/zero",
    "/dev/null",
    "none/x",
    "x" * 5000,
    "pipe",
    "loop",
    "bytes.bin",
    "empty",
    "folder",
    "\u202e",
)
COMMANDS: dict[str, tuple[object, ...]] = {
    "intake": ("recordings", "--out", "out", "--language", "en"),
    "prepare": ("recordings", "--out", "out", "--no-align"),
    "finetune": ("recordings", "--out", "out", "--consent", "self", "--steps", "1"),
    "narrate": (
        "book.txt", "--out", "out", "--voice", VOICE, "--model", "fake", "--engine", "local", "--to", "flac",
    ),
    "voices list": ("recordings",),
    "voices preview": ("recordings", "--out", "out", "--consent", "self", "--model", "tiny"),
    "voices blend": ("recordings/low.flac", "--out", "out/mix.safetensors", "--consent", "self", "--model", "tiny"),
    "voices sample": ("--out", "out"),
    "voices design": ("a low voice", "--out", "out"),
}  # fmt: skip
"""Arguments of each command; options are added."""
_COSTLY = {"--n"}
"""Options whose valid large values are work, not faults."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    options = parser.parse_args()
    load_commands()
    n_commands = n_failed = 0
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        make_inputs(Path(name))
        before = contents(Path(name))
        for command in options.only:
            codes: dict[int, int] = {}
            for words in variants(command):
                found = run_forked((*command.split(), *words), Path(name).parent / f"{Path(name).name}.log", _set_alarm)
                codes[found.code] = codes.get(found.code, 0) + 1
                shutil.rmtree("out", ignore_errors=True)
                left = [] if words[-2:-1] == ("--out",) else sorted(contents(Path(name)) ^ before)
                n_commands += 1
                if left or not passes(found):
                    n_failed += 1
                    shown = " ".join(repr(str(word))[:60] for word in words[-2:])
                    end = " ".join(found.output.split())[-300:]
                    print(f"FAILED {command} {shown}: {found} {left[:3]} {end}", flush=True)
                before = contents(Path(name))
            print(f"{command}: {dict(sorted(codes.items()))}", flush=True)
    print(f"{n_commands - n_failed} of {n_commands} commands pass")
    sys.exit(1 if n_failed else 0)


def passes(found: Outcome) -> bool:
    return found.code in _CODES and "Traceback (most recent" not in found.output


def _set_alarm() -> None:
    signal.alarm(_TIMEOUT_S)


def make_inputs(folder: Path) -> None:
    """Write small valid inputs, and the files that hostile paths lead to."""
    write_fake_bundle(folder / "fake")
    write_tiny_bundle(folder / "tiny", log_duration=1.7)
    for name in ("recordings", "folder"):
        (folder / name).mkdir()
    for name in ("low.flac", "narrator.flac"):
        shutil.copy(VOICE.with_name(name), folder / "recordings" / name)
    (folder / "book.txt").write_text("Chapter 1\n\nThe road was long. It was late.\n")
    (folder / "bytes.bin").write_bytes(os.urandom(3000))
    (folder / "empty").touch()
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "pipe")


def contents(folder: Path) -> set[str]:
    """Names of all files, except those that the fake model writes."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.name.startswith("spoken-")}


def variants(command: str) -> Iterator[tuple[object, ...]]:
    """Arguments of a command with one hostile value each; the last value of a repeated option counts."""
    base = COMMANDS[command]
    yield base
    for parameter in find_command(command).params:
        if parameter.param_type_name != "option" or parameter.name == "help":
            continue
        flag = max(parameter.opts, key=len)
        if parameter.is_flag:
            yield (*base, flag)
            continue
        for value in values(parameter):
            if not (flag in _COSTLY and value.isdigit() and int(value) > 1):
                yield (*base, flag, value)


def find_command(name: str) -> Any:
    """Command of a name such as `voices list`."""
    import typer.main

    from hierbatch.cli.app import app

    found = typer.main.get_command(app)
    for word in name.split():
        found = found.commands[word]
    return found


def values(parameter: Any) -> tuple[str, ...]:
    """Hostile values for the type of an option."""
    shown = str(parameter.type_descriptor.annotation)
    if "Path" in shown:
        return PATHS
    return NUMBERS if "int" in shown or "float" in shown else TEXTS


if __name__ == "__main__":
    main()
