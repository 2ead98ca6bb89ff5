"""Exit codes, CPU time and memory of `import`, `plan` and `check` on inputs made to exhaust or break them.

    python -m benchmarks.hostile_inputs                     # 300 made inputs
    python -m benchmarks.hostile_inputs --cases 28 --seed 7
    python -m benchmarks.hostile_inputs --inputs FOLDER     # files of a folder instead

Each command runs in a process of its own. A command passes if it ends with exit code 0, 2 or 3, without a traceback,
within 20 CPU seconds and one gigabyte above the memory of the loaded program. The table has one row per kind.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
import tempfile
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.hostile_makers import MAKERS

_MAX_CPU_S, _MAX_MB = 20.0, 1024
_KILL_CPU_S, _ADDRESS_SPACE = 60, 24 << 30
_PASSING_CODES = (0, 2, 3)
_LOG_BYTES = 20_000
_BOOKS, _TABLES, _SOUNDS = (".epub", ".txt", ".md"), (".csv", ".jsonl", ".parquet"), (".flac", ".wav", ".mp3", ".ogg")
_VOICE = Path(__file__).resolve().parents[1] / "manifests" / "voices" / "narrator.flac"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Result of one command on one input."""

    command: str
    code: int
    cpu_s: float
    mb: int
    log: str

    @property
    def passed(self) -> bool:
        """True if the command kept all limits."""
        is_graceful = self.code in _PASSING_CODES and "Traceback (most recent" not in self.log
        return is_graceful and self.cpu_s <= _MAX_CPU_S and self.mb <= _MAX_MB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="*", default=list(MAKERS), choices=list(MAKERS))
    parser.add_argument("--inputs", type=Path, nargs="*", help="folders of inputs, instead of made ones")
    arguments = parser.parse_args()
    load_commands()
    n_failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = arguments.inputs and folder_inputs(arguments.inputs)
        made = given or made_inputs(arguments.kinds, arguments.cases, arguments.seed, folder)
        by_kind: defaultdict[str, list[Outcome]] = defaultdict(list)
        for kind, path in made:
            for outcome in outcomes(path, folder):
                by_kind[kind].append(outcome)
                n_failed += not outcome.passed
                if not outcome.passed:
                    print(f"FAILED {outcome.command} {path.name}: {describe(outcome)}", flush=True)
            if folder in path.parents:
                path.unlink()
    print_table(by_kind)
    sys.exit(1 if n_failed else 0)


def load_commands() -> None:
    """Load what the commands import, so that each process starts with it."""
    import torch

    import hierbatch.cli.app
    import hierbatch.jobs.books.import_book
    import hierbatch.jobs.check
    import hierbatch.jobs.import_rows
    import hierbatch.jobs.plan  # noqa: F401
    from hierbatch.frontend.speech_text import SpeechFrontEnd

    torch.set_num_threads(1)
    front_end = SpeechFrontEnd()
    front_end.phonemize("Hello there.", "en")
    front_end.phonemize("안녕하세요.", "ko")


def made_inputs(kinds: Sequence[str], n: int, seed: int, folder: Path) -> Iterator[tuple[str, Path]]:
    """Make inputs of all kinds in turn.

    Args:
        kinds: names of makers.
        n: number of inputs.
        seed: seed of the first one.
        folder: where they are written.
    """
    for number in range(n):
        kind = kinds[number % len(kinds)]
        suffix, content = MAKERS[kind](random.Random(f"{kind} {seed + number}"))
        path = folder / f"{kind}_{seed + number}{suffix}"
        path.write_bytes(content)
        yield kind, path


def folder_inputs(folders: Sequence[Path]) -> list[tuple[str, Path]]:
    """Files of folders, by suffix."""
    return [(path.suffix, path) for folder in folders for path in sorted(folder.iterdir())]


def outcomes(path: Path, folder: Path) -> Iterator[Outcome]:
    """Run all commands that accept the file."""
    manifest = folder / "manifest.parquet"
    manifest.unlink(missing_ok=True)
    voice = ("--voice", str(_VOICE), "--consent", "licensed", "--language", "en")
    if path.suffix in (*_BOOKS, ".csv", ".jsonl"):
        yield run_command("import", str(path), "--out", str(manifest))
    if path.suffix in _TABLES:
        yield run_command("plan", str(path), *voice)
    elif manifest.exists():
        yield run_command("plan", str(manifest), *voice)
    if path.suffix in _SOUNDS:
        yield run_command("check", str(path), "--profile", "podcast")


def run_command(*arguments: str) -> Outcome:
    """Run one command in a process of its own."""
    output, sink = os.pipe()
    child = os.fork()
    if not child:
        os.close(output)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)  # the memory that it starts with
        os._exit(_command(arguments))
    os.close(sink)
    log = b""
    with os.fdopen(output, "rb") as file:
        before_kb = int(file.readline())
        while chunk := file.read(1 << 16):
            log = (log + chunk)[-_LOG_BYTES:]
    _, status, usage = os.wait4(child, 0)
    return Outcome(
        command=arguments[0],
        code=os.waitstatus_to_exitcode(status),
        cpu_s=usage.ru_utime + usage.ru_stime,
        mb=(usage.ru_maxrss - before_kb) >> 10,
        log=log.decode(errors="replace"),
    )


def _command(arguments: Sequence[str]) -> int:
    """Exit code of a command, in the child process."""
    from hierbatch.cli.app import main as command

    resource.setrlimit(resource.RLIMIT_CPU, (_KILL_CPU_S, _KILL_CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    sys.argv = ["hierbatch", *arguments]
    try:
        command()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:  # noqa: BLE001 - an unexpected error is what is looked for
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def describe(outcome: Outcome) -> str:
    """One line about a failed command."""
    end = " ".join(outcome.log.split())[-300:]
    return f"exit code {outcome.code}, {outcome.cpu_s:.1f} s, {outcome.mb} MB: {end}"


def print_table(by_kind: dict[str, list[Outcome]]) -> None:
    """Print one row per kind."""
    head = ("kind", "commands", "passed", "exit codes", "longest, CPU s", "largest, MB")
    print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for kind, found in by_kind.items():
        codes = ", ".join(f"{code}: {n}" for code, n in sorted(Counter(outcome.code for outcome in found).items()))
        longest, largest = max(outcome.cpu_s for outcome in found), max(outcome.mb for outcome in found)
        n_passed = sum(outcome.passed for outcome in found)
        print(f"| {kind} | {len(found)} | {n_passed} | {codes} | {longest:.1f} | {largest} |")
    everything = [outcome for found in by_kind.values() for outcome in found]
    print(f"{sum(outcome.passed for outcome in everything)} of {len(everything)} commands passed")


if __name__ == "__main__":
    main()
