"""Rules of the test suite itself."""

import ast

from tests.loading import ROOT


def from_test_modules(source):
    """Names that a module takes from a test module, or test modules that it imports."""
    for node in ast.walk(ast.parse(source)):
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            first, *others = f"{module}.{alias.name}".strip(".").split(".")
            if first == "tests" and any(name.startswith("test_") for name in others):
                yield f"{module}.{alias.name}"


def test_no_test_module_imports_from_another():
    taken = {
        str(path.relative_to(ROOT)): names
        for path in (ROOT / "tests").rglob("*.py")
        if (names := list(from_test_modules(path.read_text(encoding="utf-8"))))
    }
    assert taken == {}


def test_an_import_from_a_test_module_is_noticed():
    source = (
        "from tests.jobs.test_run import job\nimport tests.jobs.test_dub\nfrom tests.jobs import test_book, running"
    )
    assert list(from_test_modules(source)) == [
        "tests.jobs.test_run.job",
        ".tests.jobs.test_dub",
        "tests.jobs.test_book",
    ]
