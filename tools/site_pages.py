"""MkDocs hook: pages generated from the repository, and links adapted to the site.

The generated pages are the API reference (public names of `hierbatch`), the command-line reference, the column tables,
the model cards and the changelog. `mkdocs.yml` loads this file.
"""

from __future__ import annotations

import inspect
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

_ROOT = Path(__file__).resolve().parents[1]

_RETURNED_CLASSES = (
    "hierbatch.analysis.study.RunStudy",
    "hierbatch.analysis.comparison.RunComparison",
    "hierbatch.analysis.listening.TakeSound",
    "hierbatch.analysis.summary.RunSummary",
)
_MODULES = ("hierbatch.errors",)

_PAGE_OF = {
    "manifests/README.md": "reference/columns.md",
    "hierbatch/bundles/lite/MODEL_CARD.md": "reference/model_lite.md",
    "hierbatch/bundles/speechsr/MODEL_CARD.md": "reference/model_speechsr.md",
    "CHANGELOG.md": "reference/changelog.md",
}
"""Repository files outside `docs/` that are pages of the site."""

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for path, text in generated_pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links at pages of the site; a link to a file that is not on the site becomes the file's path."""
    origin = next((file for file, path in _PAGE_OF.items() if path == page.file.src_uri), f"docs/{page.file.src_uri}")
    return rewrite_links(markdown, origin, page.file.src_uri)


def rewrite_links(markdown: str, origin: str, page: str) -> str:
    """Adapt the links of a repository file to its page on the site.

    Args:
        markdown: text with links relative to `origin`.
        origin: path of the file in the repository.
        page: path of the page inside `docs/`.
    """

    def replace(match: re.Match[str]) -> str:
        target, _, anchor = match[3].partition("#")
        if not target or "://" in target or target.startswith("mailto:"):
            return match[0]
        file = posixpath.normpath(posixpath.join(posixpath.dirname(origin), target))
        known = _PAGE_OF.get(file, file.removeprefix("docs/") if file.startswith("docs/") else None)
        if known is None:
            return match[2] if match[2] == f"`{file}`" else f"{match[2]} (`{file}`)"
        relative = posixpath.relpath(known, posixpath.dirname(page) or ".")
        return f"{match[1]}[{match[2]}]({relative}{'#' + anchor if anchor else ''})"

    return _LINK.sub(replace, markdown)


def generated_pages() -> dict[str, str]:
    """Text of every generated page by its path in `docs/`."""
    pages = {page: (_ROOT / file).read_text(encoding="utf-8") for file, page in _PAGE_OF.items()}
    return {**pages, "reference/api.md": api_page(), "reference/cli.md": command_line_page()}


def api_page() -> str:
    """Page of the public names; mkdocstrings inserts their docstrings."""
    import hierbatch

    lines = [
        "# Python API",
        "",
        "`import hierbatch` provides the names below. Importing it loads no library; each name is loaded on first use.",
        "",
        *(line for name in hierbatch.__all__ for line in (f"::: hierbatch.{name}", "", *_keyword_options(name))),
        "## Returned objects",
        "",
        *(f"::: {path}\n    options: {{heading_level: 3}}\n" for path in _RETURNED_CLASSES),
        "## Modules",
        "",
        *(f"::: {path}\n    options: {{heading_level: 3, show_root_full_path: true}}\n" for path in _MODULES),
    ]
    return "\n".join(lines)


def _keyword_options(name: str) -> Iterator[str]:
    """Table of the options that a public function takes as keywords; its signature names only their groups."""
    import hierbatch
    from hierbatch.option import declared_option

    function = getattr(hierbatch, name)
    parameters = inspect.signature(function).parameters.values() if inspect.isfunction(function) else ()
    options = [(parameter, option) for parameter in parameters if (option := declared_option(parameter.annotation))]
    if not options:
        return
    yield from (f"Keyword options of `{name}`:", "", "| keyword | meaning | default |", "| --- | --- | --- |")
    for parameter, option in options:
        has_default = parameter.default not in (inspect.Parameter.empty, None, "")
        default = f"`{parameter.default}`" if has_default else ""
        yield f"| `{parameter.name}` | {_cell(option.help)} | {default} |"
    yield ""


def command_line_page() -> str:
    """Page of all commands with their options."""
    return "\n".join(["# Command line", "", *_commands()])


def _commands() -> Iterator[str]:
    from typer.main import get_command

    from hierbatch.cli.app import app

    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]  # a group
        for path, leaf in _leaves(f"hierbatch {name}", command):
            yield from (f"## {path}", "", _paragraphs(leaf.help or ""), "")
            yield from _parameters(leaf)


def _leaves(path: str, command: object) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from _leaves(f"{path} {name}", child)


def _parameters(command: object) -> Iterator[str]:
    """Arguments and options of a command, one table for each group."""
    groups: dict[str, list[str]] = {}
    for parameter in command.params:  # type: ignore[attr-defined]
        if getattr(parameter, "hidden", False) or parameter.name == "help":
            continue
        is_argument = parameter.param_type_name == "argument"
        name = parameter.name.upper() if is_argument else ", ".join([*parameter.opts, *parameter.secondary_opts])
        value = parameter.default
        default = "" if callable(value) or isinstance(value, bool) or value in (None, "") else f"`{value}`"
        group = getattr(parameter, "rich_help_panel", None) or ("Arguments" if is_argument else "Options")
        groups.setdefault(group, []).append(
            f"| `{name}`{' (required)' if parameter.required and not is_argument else ''} "
            f"| {_cell(parameter.help or '')} | {default} |"
        )
    for group, rows in groups.items():
        yield from (f"**{group}**", "", "| name | meaning | default |", "| --- | --- | --- |", *rows, "")


def _paragraphs(text: str) -> str:
    """Help text as Markdown; lines of an example become a code block."""
    return re.sub(r"(?m)^Example: (.*)$", r"\n    \1\n", text.replace("\b", ""))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
