import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer

from hierbatch.cli.app import app
from hierbatch.delivery.profiles import PROFILES
from tools.evaluation.evaluation_table import EvaluationTable
from tools.evaluation.marked_page import BEGIN, END

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "manifests").glob("*.md")),
]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def command_lines():
    for page in PAGES:
        for line in page.read_text(encoding="utf-8").splitlines():
            inline = re.findall(r"`(hierbatch [a-z][^`]*)`", line)
            block = [line.strip()] if line.startswith("    hierbatch ") else []
            for words in (*inline, *block):
                yield pytest.param(words, id=f"{page.name}: {words[:60]}")


def faults(words):
    """The command and options of a line that the program does not have."""
    # What follows a `>` is the shell's.
    _, name, *arguments = shlex.split(words.partition(" >")[0], comments=True)
    command = typer.main.get_command(app).commands.get(name)
    while command is not None and hasattr(command, "commands"):
        name, *arguments = arguments or [""]
        command = command.commands.get(name)
    if command is None:
        return [name]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    # A negative number is a value.
    options = [argument for argument in arguments if re.match(r"--?[^\d-]", argument)]
    return [option for option in options if option not in known]


@pytest.mark.parametrize("words", list(command_lines()))
def test_every_command_line_in_the_pages_is_one_the_program_takes(words):
    assert faults(words) == []


def test_a_command_or_option_nobody_takes_is_noticed():
    assert faults("hierbatch sing a.mp3") == ["sing"]
    assert faults("hierbatch models sing") == ["sing"]
    assert faults("hierbatch models show --silver .") == ["--silver"]
    assert faults("hierbatch check a.mp3 --profil acx --profile acx") == ["--profil"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_inside_the_repository_leads_somewhere(page):
    targets = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing


def test_every_make_target_in_the_readme_is_one():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    asked = set(re.findall(r"^ {4}make ([a-z]+)", README, re.M))
    assert {"narrate", "test"} <= asked <= targets


def test_the_rooms_of_the_architecture_page_are_the_folders_of_the_package():
    rooms = set(re.findall(r"^\| `([a-z]+)/` \|", ARCHITECTURE, re.M))
    folders = {path.parent.name for path in (ROOT / "hierbatch").glob("*/__init__.py")}
    assert rooms == folders


def test_the_drawings_floors_are_the_layers_the_linter_holds():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    floors = [layer.replace("hierbatch.", "").split(" | ") for layer in layers]
    drawing = re.search(r"```\n(.*?)```", ARCHITECTURE, re.S)[1]
    assert drawing in README
    places = [drawing.index(floor[0]) for floor in floors[:4]]
    assert places == sorted(places)
    for room in (room for floor in floors for room in floor):
        assert re.search(rf"\b{room}\b", drawing), room


def test_the_readmes_quality_table_is_the_one_that_was_measured():
    shown = README.partition(BEGIN)[2].partition(END)[0]
    assert END in README
    measured = ROOT / "docs" / "evaluation.json"
    wanted = EvaluationTable.from_json(measured.read_text(encoding="utf-8")) if measured.exists() else None
    assert shown.strip() == (wanted.to_markdown().strip() if wanted else "")
    assert wanted is None or (wanted.set_name, wanted.limit) == ("evaluation", None)


def test_the_audiobook_pages_rules_are_the_profiles():
    page = (ROOT / "docs" / "audiobooks.md").read_text(encoding="utf-8")
    for profile in PROFILES.values():
        (line,) = (line for line in page.splitlines() if line.startswith(f"| `{profile.name}` |"))
        assert f"<= {profile.peak_max_db:g} dB" in line
        low, high = profile.level_range
        middle, half = (low + high) / 2, (high - low) / 2
        assert f"{low:g} to {high:g} dB" in line or f"{middle:g} +- {half:g} LUFS" in line
