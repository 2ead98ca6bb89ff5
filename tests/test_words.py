"""The words of the code and of its messages are the field's: two lists name what is out."""

from __future__ import annotations

import ast
import collections
import fnmatch
import functools
import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS, PLAN_COLUMNS, TAKE_COLUMNS, VOICE_COLUMNS
from tests.loading import ROOT

LISTS = Path(__file__).parent / "words"
SOURCES = ("hierbatch", "tools", "pipelines", "benchmarks")
DESIGN = Path(os.environ.get("HIERBATCH_SHARED", ROOT.parent / "shared")) / "design" / "words.md"
KEPT = {
    "sing": "singing is a task",
    "_sing": "singing is a task",
    "sung": "singing is a task",
    "recipe": "the word of the field",
    "teacher": "the word of the field for the model that is distilled",
    "shares": "fractions, with their range in the docstring",
    "f0_spread": "a setting of bundles",
    "latent_contrast": "a setting of bundles",
    "onset_aspiration": "a setting of bundles",
    "null_style": "a weight of the unconditional embedding",
    "snr_db": "a column",
    "held_out": "the word of the field",
    "development": "the word of the field",
    "language": "the option",
    "import": "the command",
}
"""Terms of the design that stay, with the reason."""
OPENING = re.compile(r"^(what|how|which|who|where|whether|when|that)\b", re.IGNORECASE)
N_IDENTIFIERS, N_PHRASES = 147, 44
"""Lengths of the lists: a term that is dropped fails here."""


@dataclass(frozen=True)
class Banned:
    """One line of a list: a term, and the files in which it has its usual meaning."""

    term: str
    allowed: tuple[str, ...]

    def is_allowed(self, file: str) -> bool:
        return any(fnmatch.fnmatch(file, pattern) for pattern in self.allowed)


def read_list(name: str) -> list[Banned]:
    lines = (LISTS / name).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [Banned(row[0], tuple(row[1].split()) if len(row) > 1 else ()) for row in rows]


@functools.cache
def trees() -> dict[str, ast.Module]:
    files = [file for folder in SOURCES for file in sorted((ROOT / folder).rglob("*.py"))]
    return {file.relative_to(ROOT).as_posix(): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def defined_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Names of classes, functions, parameters, fields and constants."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node.lineno
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        yield name.id, node.lineno


def docstrings(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
            yield text, getattr(node, "lineno", 1)
    for node in ast.walk(tree):
        body = node.body if isinstance(node, ast.Module | ast.ClassDef) else []
        for one, following in itertools.pairwise(body):  # strings under fields and constants
            if isinstance(one, ast.AnnAssign | ast.Assign) and isinstance(following, ast.Expr):
                text = following.value
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield text.value, following.lineno


def messages(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Text of errors, notices, help and printed lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called.endswith("Error") or called in ("Option", "Argument", "print", "on_message", "Typer", "Column"):
                for text in ast.walk(node):
                    if isinstance(text, ast.Constant) and isinstance(text.value, str):
                        yield text.value, text.lineno


def words_of(identifier: str) -> set[str]:
    """Words of an identifier. `_tell_models` -> {tell, models}; `VoiceShelf` -> {voice, shelf}."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier)
    return {word.lower() for word in spaced.split("_") if word}


def find_identifiers(entries: list[Banned]) -> list[str]:
    """Places that define a name of the list; `~word` in the list stands for any name that contains the word."""
    exact = {entry.term: entry for entry in entries if not entry.term.startswith("~")}
    inside = {entry.term[1:]: entry for entry in entries if entry.term.startswith("~")}
    found = []
    for file, tree in trees().items():
        for name, line in defined_names(tree):
            hits = [exact[name]] if name in exact else []
            hits += [inside[word] for word in words_of(name) & inside.keys()]
            found += [f"{file}:{line} {name}" for hit in hits if not hit.is_allowed(file)]
    columns = {
        column.name for table in (MANIFEST_COLUMNS, PLAN_COLUMNS, TAKE_COLUMNS, VOICE_COLUMNS) for column in table
    }
    return found + [f"column {name}" for name in sorted(columns & exact.keys()) if not exact[name].allowed]


def find_phrases(entries: list[Banned]) -> list[str]:
    pattern = re.compile("|".join(rf"(?P<p{n}>\b(?:{entry.term})\b)" for n, entry in enumerate(entries)), re.IGNORECASE)
    found = []
    for file, tree in trees().items():
        for text, line in (*docstrings(tree), *messages(tree)):
            for hit in pattern.finditer(text):
                entry = entries[int((hit.lastgroup or "p0")[1:])]
                if not entry.is_allowed(file):
                    found.append(f"{file}:{line} {hit.group()!r} in {text.strip().splitlines()[0][:70]!r}")
    return found


def test_no_name_is_in_the_list() -> None:
    assert find_identifiers(read_list("identifiers.tsv")) == []


def test_no_docstring_or_message_has_a_phrase_of_the_list() -> None:
    assert find_phrases(read_list("phrases.tsv")) == []


def test_no_page_has_a_phrase_of_the_list() -> None:
    pages = [
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    ]
    pattern = re.compile("|".join(rf"\b(?:{entry.term})\b" for entry in read_list("phrases.tsv")), re.IGNORECASE)
    found = [
        f"{page.relative_to(ROOT)}: {line.strip()[:80]}"
        for page in pages
        for line in page.read_text(encoding="utf-8").splitlines()
        if pattern.search(PAGE_EXCEPTIONS.sub("", line))
    ]
    assert found == []


PAGE_EXCEPTIONS = re.compile(r"`[^`]*`|told in the first person|stand-ins|sings")
"""Code, and phrases in their ordinary meaning."""


def test_no_docstring_opens_with_a_question_word() -> None:
    found = [
        f"{file}:{line}" for file, tree in trees().items() for text, line in docstrings(tree) if OPENING.match(text)
    ]
    assert found == []


def test_public_methods_are_documented_in_their_class_or_protocol() -> None:
    """All but the methods of a protocol whose docstring is there: `forward` of networks, and those of recipes."""
    known = {"forward", "losses", "validate", "__call__", "scores", "transcribe"}
    found = [
        f"{file}:{node.lineno} {node.name}"
        for file, tree in trees().items()
        if file.startswith("hierbatch/")
        for kind in ast.walk(tree)
        if isinstance(kind, ast.ClassDef) and not kind.name.startswith("_")
        for node in kind.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.name not in known
        if ast.get_docstring(node) is None and "overload" not in map(ast.unparse, node.decorator_list)
    ]
    assert found == []


def test_a_public_class_name_has_one_meaning() -> None:
    places = collections.defaultdict(list)
    for file, tree in trees().items():
        for node in tree.body:
            if file.startswith("hierbatch/") and isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(file)
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def test_the_lists_hold_every_term() -> None:
    identifiers, phrases = read_list("identifiers.tsv"), read_list("phrases.tsv")
    assert (len({e.term for e in identifiers}), len({e.term for e in phrases})) == (N_IDENTIFIERS, N_PHRASES)


def design_terms() -> list[str]:
    """Terms to replace: the left column of every table, and the third of tables with two pairs of columns."""
    found = []
    for line in DESIGN.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if not line.startswith("|") or set(line) <= set("|-") or cells[0] in ("term here", "ours"):
            continue
        for cell in cells[:1] if len(cells) == 3 else cells[::2]:
            listed = re.sub(r"\([^)]*\)|:.*| for the same thing| as a constructor|\.attempt| in acoustic.py", "", cell)
            listed = re.sub(r"^(CLI|columns) ", "", listed)
            terms = (term.strip(' `"').removesuffix(".py").partition(" = ")[0] for term in TERM_ENDS.split(listed))
            found += [term for term in terms if term]
    return found


TERM_ENDS = re.compile(r",| / | beside |`/`|(?<=[a-z])/(?=[a-z])")


def uncovered_terms(identifiers: list[Banned], phrases: list[Banned]) -> list[str]:
    """Terms of the design that neither list refuses."""
    names = {entry.term for entry in identifiers}
    pattern = re.compile("|".join(rf"\b(?:{entry.term})\b" for entry in phrases), re.IGNORECASE)

    def is_covered(term: str) -> bool:
        name = re.sub(r"\W+", "_", term.strip("-"))
        return name in names or any(f"~{word}" in names for word in words_of(name)) or bool(pattern.search(term))

    return [term for term in design_terms() if term not in KEPT and not is_covered(term)]


@pytest.mark.shared
@pytest.mark.skipif(not DESIGN.exists(), reason="the design is not here")
def test_the_lists_hold_the_terms_of_the_design() -> None:
    identifiers, phrases = read_list("identifiers.tsv"), read_list("phrases.tsv")
    assert uncovered_terms(identifiers, phrases) == []
    for dropped in ("PromptHearing", "~torment", "_KNOCK_S"):
        assert uncovered_terms([entry for entry in identifiers if entry.term != dropped], phrases) == [
            dropped.strip("~")
        ]


@pytest.mark.parametrize(
    ("code", "is_found"),
    [("def _tell(x): ...", True), ("class VoiceShelf: ...", True), ("def report(x): ...", False)],
)
def test_names_are_found(code: str, is_found: bool) -> None:
    entries = {"~tell", "VoiceShelf"}
    names = {name for name, _ in defined_names(ast.parse(code))}
    assert bool(names & entries or {f"~{word}" for name in names for word in words_of(name)} & entries) is is_found
