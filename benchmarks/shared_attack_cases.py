"""Exit codes, CPU time and memory of every command on the hostile recordings of ../shared/cases/attack.

    python benchmarks/shared_attack_cases.py --cases ../shared/cases/attack
    python benchmarks/shared_attack_cases.py --only late playlist

`make_media.py` of the cases writes the recordings and films. Each is checked, converted, used as a prompt and dubbed,
every command in a process of its own with the packaged model loaded before. A command passes if it ends with exit code
0, 2 or 3, without a traceback, within 20 CPU seconds and one gigabyte above the same command on a clip of 5 s. Books
and tables are the matter of `hostile_inputs.py`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import resource
import runpy
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hierbatch.programs import ffmpeg_program

COMMANDS = ("check", "convert", "prompt", "dub")
VOICE = Path(__file__).resolve().parents[1] / "manifests" / "voices" / "narrator.flac"
_CODES = (0, 2, 3)
_MAX_CPU_S, _MAX_MORE_MB = 20.0, 1024
_KILL_CPU_S, _KILL_WALL_S, _ADDRESS_SPACE = 120, 600, 16 << 30
_CLIP = "good.wav"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Result of one command on one file."""

    code: int
    cpu_s: float
    mb: int
    output: str

    def passes(self, clip: Outcome) -> bool:
        """True if the command kept all limits; memory is compared with that of the same command on a clip, `clip`."""
        is_graceful = self.code in _CODES and "Traceback (most recent" not in self.output
        return is_graceful and self.cpu_s <= _MAX_CPU_S and self.mb <= clip.mb + _MAX_MORE_MB

    def __str__(self) -> str:
        return f"{self.code}, {self.cpu_s:.1f} s, {self.mb} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=Path, default=Path("../shared/cases/attack"))
    parser.add_argument("--only", nargs="+", default=[""], help="beginnings of the names of files")
    options = parser.parse_args()
    load_commands()
    n_runs = n_passed = 0
    with tempfile.TemporaryDirectory() as name:
        media, work = Path(name) / "media", Path(name) / "work"
        make_media(options.cases.resolve() / "make_media.py", media)
        clip = {command: outcome(command, media / _CLIP, work) for command in COMMANDS}
        print("| file | " + " | ".join(COMMANDS) + " |\n| --- |" + " --- |" * len(COMMANDS), flush=True)
        for path in sorted(media.iterdir()):
            if not path.name.startswith(tuple(options.only)):
                continue
            found = {command: outcome(command, path, work) for command in COMMANDS}
            passes = {command: found[command].passes(clip[command]) for command in COMMANDS}
            n_runs, n_passed = n_runs + len(found), n_passed + sum(passes.values())
            shown = [f"{'' if passes[command] else 'FAILED '}{found[command]}" for command in COMMANDS]
            print(f"| {path.name} | " + " | ".join(shown) + " |", flush=True)
            for command in COMMANDS:
                if not passes[command]:
                    print(f"{command} {path.name}: {' '.join(found[command].output.split())[-400:]}", flush=True)
    print(f"{n_passed} of {n_runs} commands pass")
    sys.exit(0 if n_passed == n_runs else 1)


def load_commands() -> None:
    """Load what the commands import, so that each process starts with it."""
    import torch

    import hierbatch.cli.app
    import hierbatch.jobs.check
    import hierbatch.jobs.dubbing.dub
    import hierbatch.jobs.plan
    import hierbatch.jobs.run  # noqa: F401
    from hierbatch.audio.activity import speech_detector
    from hierbatch.models.catalog.open_model import open_model

    torch.set_num_threads(1)
    open_model("lite")
    speech_detector()


def make_media(maker: Path, folder: Path) -> None:
    """Run the maker; its own output is not shown."""
    arguments = sys.argv
    sys.argv = [str(maker), str(folder), ffmpeg_program()]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            runpy.run_path(str(maker), run_name="__main__")
    finally:
        sys.argv = arguments


def outcome(command: str, path: Path, work: Path) -> Outcome:
    """Run a command on a file, in a new folder."""
    with tempfile.TemporaryDirectory(dir=work.parent) as name:
        folder = Path(name)
        (folder / "m.csv").write_text(f"id,source\na,{path.name}\n", encoding="utf-8")
        (folder / "t.csv").write_text("id,text\na,Hello there my friend.\n", encoding="utf-8")
        (folder / "in").mkdir()
        for each in {path, path.with_name(_CLIP)}:
            os.link(each, folder / "in" / each.name)
        run = ("--engine", "local", "--out", folder / "out")
        arguments = {
            "check": ("check", path, "--profile", "podcast"),
            "convert": ("convert", folder / "m.csv", "--source-root", path.parent, "--voice", VOICE, *run),
            "prompt": ("plan", folder / "t.csv", "--voice", path, "--language", "en"),
            "dub": ("dub", folder / "in", "--voice", VOICE, *run),
        }[command]
        return run_forked(arguments, folder / "output")


def run_forked(arguments: Sequence[object], output: Path, prepare: Callable[[], object] | None = None) -> Outcome:
    """Run a command line in a fork of this process.

    Args:
        arguments: words of the command line.
        output: file for everything that the command prints.
        prepare: function to call in the new process before the command, for example to set limits.
    """
    process = os.fork()
    if process == 0:
        _become(arguments, output, prepare)
    _, status, usage = os.wait4(process, 0)
    return Outcome(
        code=os.waitstatus_to_exitcode(status),
        cpu_s=usage.ru_utime + usage.ru_stime,
        mb=usage.ru_maxrss >> 10,
        output=output.read_text(encoding="utf-8", errors="replace"),
    )


def _become(arguments: Sequence[object], output: Path, prepare: Callable[[], object] | None) -> None:
    from hierbatch.cli.app import main as run_command

    code = 111
    try:
        descriptor = os.open(output, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (_KILL_CPU_S, _KILL_CPU_S))
        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
        signal.alarm(_KILL_WALL_S)
        if prepare:
            prepare()
        sys.argv = ["hierbatch", *map(str, arguments)]
        run_command()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    except BaseException:  # noqa: BLE001 - the table shows what a user would see
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
