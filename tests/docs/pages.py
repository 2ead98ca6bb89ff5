"""Pages of the documentation, and the commands and Python examples in them."""

import re
import shlex
from pathlib import Path

from typer.main import get_command

from hierbatch.cli.app import app
from tools.evaluation.__main__ import app as evaluation
from tools.evaluation.decomposition.__main__ import app as decomposition
from tools.parity.__main__ import app as parity

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "manifests").glob("*.md")),
    *sorted((ROOT / "hierbatch" / "bundles").glob("*/*.md")),
]
_PROGRAMS = {
    "hierbatch": app,
    "python -m tools.parity": parity,
    "python -m tools.evaluation.decomposition": decomposition,
    "python -m tools.evaluation": evaluation,
}
_PROGRAM = "|".join(re.escape(name) for name in _PROGRAMS)


def name_of(page):
    return str(page.relative_to(ROOT))


def command_blocks(page):
    """Complete commands: lines of code blocks."""
    for line in page.read_text(encoding="utf-8").splitlines():
        if re.match(rf" {{4}}(?:{_PROGRAM})\b", line) and "[" not in line:
            yield line.strip()


def command_mentions(page):
    """Commands in running text, which may lack their arguments."""
    text = page.read_text(encoding="utf-8")
    yield from (" ".join(words.split()) for words in re.findall(rf"`((?:{_PROGRAM})\s+[a-z-][^`]*)`", text))


def script_lines(page):
    """Scripts with their options, as in `python benchmarks/precision.py --device cuda`."""
    for line in page.read_text(encoding="utf-8").splitlines():
        yield from re.findall(r"(?:^ {4}|`)python ((?:benchmarks|pipelines|tools|notebooks)/[^`#]*)", line)


def python_examples(page):
    """Code of the page's Python blocks, in order."""
    return re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)


def find_command(words):
    """Command, its name and its arguments; the command is None if there is none of that name."""
    program = next(name for name in sorted(_PROGRAMS, key=len, reverse=True) if words.startswith(name))
    # The rest of a line after `>` belongs to the shell.
    arguments = shlex.split(words.removeprefix(program).partition(" >")[0], comments=True)
    command, name = get_command(_PROGRAMS[program]), program
    while command is not None and hasattr(command, "commands"):
        name, *arguments = arguments or [""]
        command = command.commands.get(name)
    return command, name, arguments


def unknown_options(words):
    """The command or the options of a line that the program does not have."""
    command, name, arguments = find_command(words)
    if command is None:
        return [name]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {
        "--help"
    }
    # A negative number is a value.
    options = [argument for argument in arguments if re.match(r"--?[^\d-]", argument)]
    return [option for option in options if option not in known]


def parse(words):
    """Parse a complete command as the program would, without running it."""
    command, name, arguments = find_command(words)
    assert command is not None, name
    command.make_context(name, arguments)
