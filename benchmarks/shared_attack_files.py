"""Exit codes, CPU time and memory of commands on the hostile books, tables, bundles and checkpoints of ../shared/cases.

    python benchmarks/shared_attack_files.py
    python benchmarks/shared_attack_files.py --only tables bundles

Makers of the cases write the inputs. Books are imported; tables are run with the fake model, and a run with takes is
exported in every format and compacted; bundles are shown and run; checkpoints are imported. A command passes as in
`shared_attack_cases.py`, except that its memory is compared with that of the loaded program. A table as users have
them also has to be read, unless it is listed as one to be refused.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "plugins"), str(ROOT)]  # the package of the fake model

from case_makers import make_sounds, run_maker  # noqa: E402
from shared_attack_cases import VOICE, Outcome, load_commands, run_forked  # noqa: E402

from hierbatch.models.weights.bundle import packaged_bundle_folder  # noqa: E402
from tests.engine.fake_model import write_fake_bundle  # noqa: E402

STEPS = ("books", "tables", "people", "recordings", "injection", "bundles", "checkpoints")
EXPORTS = ("hf", "ljspeech", "webdataset", "lhotse")
_VOICE = ("--voice", VOICE, "--consent", "licensed", "--language", "en")
REFUSED = {
    "array.json", "array.jsonl", "cp949.csv", "dup.csv", "empty.csv", "emptyfile.jsonl", "headeronly.csv",
    "koreanid.csv", "mixed.jsonl", "crlf.csv.gz", "nanspeed.parquet", "null.csv", "spaceid.csv", "trunc.parquet",
    "badcomma.csv", "intid.jsonl", "intid.parquet", "reserved.parquet", "tsv.tsv", "utf16.csv",
}  # fmt: skip
"""Tables of users that are refused with exit code 2; the others are read."""

Found = Iterator[tuple[str, str, Outcome]]
"""Name of an input, command, and its outcome."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=Path, default=Path("../shared/cases"))
    parser.add_argument("--only", nargs="+", choices=STEPS, default=STEPS)
    options = parser.parse_args()
    cases = options.cases.resolve()
    load_commands()
    n_commands = n_passed = 0
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        folder = Path(name)
        write_fake_bundle(folder / "fake")
        idle = run_forked(("--version",), folder / "output")
        print("| input | command | verdict | result |\n| --- | --- | --- | --- |", flush=True)
        for step in options.only:
            for name_of, command, found in globals()[step](cases, folder):
                passed = found.passes(idle) and _is_expected(step, name_of, found)
                n_commands, n_passed = n_commands + 1, n_passed + passed
                message = " ".join(found.output.split())[-160:] if found.code or not passed else ""
                print(f"| {name_of} | {command} | {'passed' if passed else 'FAILED'} | {found} {message} |", flush=True)
    print(f"{n_passed} of {n_commands} commands pass")
    sys.exit(0 if n_passed == n_commands else 1)


def _is_expected(step: str, name: str, found: Outcome) -> bool:
    if step != "people":
        return True
    return found.code == 2 if name in REFUSED else found.code in (0, 3)


def books(cases: Path, folder: Path) -> Found:
    """Import every book of the maker."""
    run_maker(cases / "attack" / "make_epubs.py", folder / "epub")
    for path in sorted((folder / "epub").iterdir()):
        yield path.name, "import", run_forked(("import", path, "--out", folder / "out.csv"), folder / "output")
        (folder / "out.csv").unlink(missing_ok=True)


def tables(cases: Path, folder: Path) -> Found:
    """Run every hostile table, and export and compact the runs."""
    run_maker(cases / "attack" / "make_manifests.py", folder / "tables")
    long_number = f"id,text\na,{'1' * 30_000}\nb,Hello there my friend.\n"
    (folder / "tables" / "long_number.csv").write_text(long_number)
    for path in sorted((folder / "tables").iterdir()):
        yield from _run_table(path, folder, is_delivered=True)


def people(cases: Path, folder: Path) -> Found:
    """Run every table of users."""
    (folder / "man").mkdir()
    for maker in ("mk_man", "mk_ex"):
        run_maker(cases / "audio" / f"{maker}.py")
    for path in sorted((folder / "man").iterdir()):
        yield from _run_table(path, folder, is_delivered=path.name == "ex.jsonl")


def _run_table(path: Path, folder: Path, *, is_delivered: bool) -> Found:
    run, output = folder / "run", folder / "output"
    shutil.rmtree(run, ignore_errors=True)
    arguments = ("run", path, *_VOICE, "--engine", "local", "--model", folder / "fake", "--out", run)
    made = run_forked(arguments, output)
    yield path.name, "run", made
    if not is_delivered or made.code not in (0, 3):
        return
    yield path.name, "status", run_forked(("status", run), output)
    for kind in EXPORTS:
        shutil.rmtree(folder / "export", ignore_errors=True)
        export = ("export", run, "--to", kind, "--out", folder / "export")
        yield path.name, f"export {kind}", run_forked(export, output)
    yield path.name, "compact", run_forked(("compact", run), output)


def recordings(cases: Path, folder: Path) -> Found:
    """Convert the Parquet tables with recordings inside."""
    make_sounds(cases / "audio", ("in", "conv", "pq"), ("make_base", "mk_convert", "mk_pq"))
    for path in sorted((folder / "pq").glob("*.parquet")):
        shutil.rmtree(folder / "run", ignore_errors=True)
        arguments = ("convert", path, *_VOICE[:4], "--source-root", folder, "--engine", "local")
        run = (*arguments, "--model", folder / "fake", "--out", folder / "run")
        yield path.name, "convert", run_forked(run, folder / "output")


def injection(cases: Path, folder: Path) -> Found:
    """Deliver a book whose texts, titles, licenses and names try to inject markup, tags and formulas."""
    run, output = folder / "injected", folder / "output"
    table, voices = folder / "injection.parquet", folder / "injection.csv"
    run_maker(cases / "attack" / "make_injection.py", table, voices, VOICE)
    base = ("run", table, "--voices", voices, "--engine", "local", "--model", folder / "fake", "--out", run)
    # The table has the columns of an early version.
    yield table.name, "run", run_forked(base, output)
    if not run.exists():
        return
    deliveries = {
        "report": ("report", run, "--out", folder / "report.html"),
        "book": ("book", run, "--to", "m4b,mp3,srt,vtt,cue", "--out", folder / "book"),
        **{f"export {kind}": ("export", run, "--to", kind, "--out", folder / f"injected-{kind}") for kind in EXPORTS},
    }
    for name, arguments in deliveries.items():
        yield table.name, name, run_forked(arguments, output)


def bundles(cases: Path, folder: Path) -> Found:
    """Show and run every hostile bundle."""
    _make_bundles(cases, folder)
    (folder / "m.csv").write_text("id,text\na,Hello there my friend.\n")
    for path in sorted((folder / "bundles").glob("*/bundle.json")):
        bundle = path.parent
        yield bundle.name, "models show", run_forked(("models", "show", bundle), folder / "output")
        shutil.rmtree(folder / "run", ignore_errors=True)
        run = ("run", folder / "m.csv", *_VOICE, "--engine", "local", "--model", bundle, "--out", folder / "run")
        yield bundle.name, "run", run_forked(run, folder / "output")


def checkpoints(cases: Path, folder: Path) -> Found:
    """Import every hostile checkpoint; none may run code."""
    _make_bundles(cases, folder)
    (folder / "scratch").mkdir(exist_ok=True)  # where the code of a pickle would leave a file
    for path in sorted((folder / "bundles" / "ckpt").iterdir()):
        arguments = ("models", "add", f"speechsr48k={path}", "--folder", folder / "models", "--name", "x")
        yield path.name, "models add", run_forked(arguments, folder / "output")
        assert not list((folder / "scratch").iterdir()), f"{path.name} has run code"


def _make_bundles(cases: Path, folder: Path) -> None:
    if not (folder / "bundles").exists():
        run_maker(cases / "attack" / "bad_bundles.py", folder / "bundles", packaged_bundle_folder() / "lite")


if __name__ == "__main__":
    main()
