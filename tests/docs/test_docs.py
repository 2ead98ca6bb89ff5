import re
import tomllib

import pytest

import hierbatch
from hierbatch.delivery.profiles import PROFILES
from tests.docs.pages import (
    PAGES,
    ROOT,
    command_blocks,
    command_mentions,
    name_of,
    parse,
    script_lines,
    unknown_options,
)
from tools.evaluation.evaluation_table import EvaluationTable
from tools.evaluation.marked_page import BEGIN, END

README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
MEASURED = EvaluationTable.from_json((ROOT / "docs" / "evaluation.json").read_text(encoding="utf-8"))


def of_all_pages(found):
    return [pytest.param(words, id=f"{name_of(page)}: {words[:60]}") for page in PAGES for words in found(page)]


@pytest.mark.parametrize("words", of_all_pages(command_blocks))
def test_every_command_example_parses(words):
    parse(words)


@pytest.mark.parametrize("words", of_all_pages(command_mentions))
def test_every_command_in_running_text_has_its_options(words):
    assert unknown_options(words) == []


@pytest.mark.parametrize("words", of_all_pages(script_lines))
def test_every_script_exists_and_reads_its_options(words):
    script, *arguments = words.split()
    code = (ROOT / script).read_text(encoding="utf-8")
    assert [option for option in arguments if option.startswith("--") and f'"{option}"' not in code] == []


def test_an_unknown_command_or_option_is_noticed():
    assert unknown_options("hierbatch hum a.mp3") == ["hum"]
    assert unknown_options("hierbatch models sing") == ["sing"]
    assert unknown_options("python -m tools.parity verify --silver . --golden .") == ["--silver"]
    assert unknown_options("python -m tools.evaluation --silver .") == ["--silver"]
    assert unknown_options("hierbatch check a.mp3 --profil acx --profile acx") == ["--profil"]
    with pytest.raises(Exception, match="parameter: to"):
        parse("hierbatch export runs/a --out b")
    with pytest.raises(Exception, match="valid number"):
        parse("hierbatch run a.csv --out runs/a --speed fast")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_inside_the_repository_leads_somewhere(page):
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", text) + re.findall(r'src="([^"]+)"', text)
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing


def test_every_make_target_in_the_readme_is_one():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    asked = set(re.findall(r"^ {4}make ([a-z]+)", README, re.M))
    assert {"narrate", "test"} <= asked <= targets


def test_the_readmes_table_has_every_command():
    from typer.main import get_command

    from hierbatch.cli.app import app

    rows = re.findall(r"^\| ((?:`[a-z]+`(?:, )?)+) \|", README.partition("## Commands")[2], re.M)
    assert set(re.findall(r"`([a-z]+)`", " ".join(rows))) == set(get_command(app).commands)


def test_the_readme_names_every_page_and_every_function():
    pages = {page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").glob("*.md")} - {"docs/index.md"}
    assert {page for page in pages if f"]({page})" not in README and f"]({page}#" not in README} == set()
    functions = {name for name in hierbatch.__all__ if name.islower()} - {"figures", "load", "similarity_matrix"}
    assert {name for name in functions if f"`{name}`" not in README and f"`hierbatch.{name}`" not in README} == set()


def test_the_packages_of_the_architecture_page_are_the_folders_of_the_package():
    packages = set(re.findall(r"^\| `([a-z]+)/` \|", ARCHITECTURE, re.M))
    folders = {path.parent.name for path in (ROOT / "hierbatch").glob("*/__init__.py")}
    assert packages == folders


def test_the_levels_of_the_drawing_are_the_layers_of_the_linter():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract["layers"] for contract in contracts if "hierbatch.cli" in contract.get("layers", ()))
    levels = [layer.replace("hierbatch.", "").split(" | ") for layer in layers]
    drawing = re.search(r"```\n(.*?)```", ARCHITECTURE, re.S)[1]
    places = [drawing.index(level[0]) for level in levels[:5]]
    assert places == sorted(places)
    for package in (package for level in levels for package in level):
        assert re.search(rf"\b{package}\b", drawing), package


def test_the_quality_table_is_the_measured_one():
    page = (ROOT / "docs" / "quality.md").read_text(encoding="utf-8")
    shown = page.partition(BEGIN)[2].partition(END)[0]
    assert END in page
    assert shown.strip() == MEASURED.to_markdown().strip()
    assert (MEASURED.set_name, MEASURED.limit) == ("evaluation", None)


@pytest.mark.parametrize("page", ["README.md", "hierbatch/bundles/lite/MODEL_CARD.md"])
def test_intervals_quoted_on_other_pages_are_the_measured_ones(page):
    quoted = re.findall(r"[\d.]+ %? ?\[[\d.]+, [\d.]+\]", (ROOT / page).read_text(encoding="utf-8"))
    table = MEASURED.to_markdown().replace("0.84 [0.73, 0.98]", ".84 [.73, .98]")
    assert quoted
    assert [value for value in quoted if value not in table] == []


def test_the_rules_on_the_audiobook_page_are_the_profiles():
    page = (ROOT / "docs" / "audiobooks.md").read_text(encoding="utf-8")
    for profile in PROFILES.values():
        (line,) = (line for line in page.splitlines() if line.startswith(f"| `{profile.name}` |"))
        assert f"<= {profile.peak_max_db:g} dB" in line
        low, high = profile.level_range
        middle, half = (low + high) / 2, (high - low) / 2
        assert f"{low:g} to {high:g} dB" in line or f"{middle:g} +- {half:g} LUFS" in line


def test_the_column_table_on_the_site_links_to_its_pages():
    from tools.site_pages import rewrite_links

    text = "[dubbing](../docs/dubbing.md#segments), [voices](voices/voices.csv), [`manifests/book.csv`](book.csv)"
    shown = rewrite_links(text, "manifests/README.md", "reference/columns.md")
    assert shown == "[dubbing](../dubbing.md#segments), voices (`manifests/voices/voices.csv`), `manifests/book.csv`"
    text = "![picture](docs/pictures/a.svg) [card](../hierbatch/bundles/lite/MODEL_CARD.md) [web](https://example.org)"
    shown = rewrite_links(text.replace("docs/", ""), "docs/tutorials/../lite.md", "lite.md")
    assert shown == "![picture](pictures/a.svg) [card](reference/model_lite.md) [web](https://example.org)"


@pytest.mark.parametrize("name", ["trust.md", "engine.md"])
def test_every_promise_names_tests_that_exist(name):
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    table = text.partition("## Tests of these promises")[2].partition("\n\n")[2].partition("\n\n")[0]
    rows = [line for line in table.splitlines()[2:] if line.startswith("|")]
    assert len(rows) > 15
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert named, row
        for file, test in named:
            assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{test}"
