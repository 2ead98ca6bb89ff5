"""Check that the documentation lists every dependency of an installation whose license has a condition on sharing.

    python -m tools.check_licenses             # exits with 1 if docs/licenses.md lacks one
    python -m tools.check_licenses --table     # prints all dependencies with their licenses

The dependencies are those of hierbatch without its extras; `pip-licenses` reads the metadata of the installed packages.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

_PAGE = Path(__file__).resolve().parents[1] / "docs" / "licenses.md"
_CONDITIONAL = re.compile(r"GPL|General Public|MPL|Mozilla Public|EUPL|CDDL|NVIDIA|Proprietary|UNKNOWN", re.IGNORECASE)


def required_packages(name: str, seen: set[str] | None = None) -> set[str]:
    """Names of all packages that a package requires on this Python, directly or not, without extras.

    `seen` collects the names in the recursion; it is not meant for callers.
    """
    seen = set() if seen is None else seen
    for each in _direct(name):
        if each not in seen:
            seen.add(each)
            required_packages(each, seen)
    return seen


def read_licenses() -> dict[str, str]:
    """License of each installed package, by its normalized name."""
    listed = subprocess.run(
        [sys.executable, "-m", "piplicenses", "--from=mixed", "--format=json", "--with-system"],
        check=True,
        capture_output=True,
        text=True,
    )
    return {_normalize(row["Name"]): row["License"] for row in json.loads(listed.stdout)}


def unlisted(licenses: dict[str, str], page: str) -> dict[str, str]:
    """Conditional license of each package that has one and is not named on the page; NVIDIA's packages are exempt."""
    named = {_normalize(name) for name in re.findall(r"`([\w.-]+)`", page)}
    conditional = {name: text for name, text in licenses.items() if _CONDITIONAL.search(text)}
    return {name: text for name, text in conditional.items() if name not in named and not name.startswith("nvidia-")}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--table", action="store_true")
    needed = required_packages("hierbatch")
    licenses = {name: text for name, text in read_licenses().items() if name in needed}
    if parser.parse_args().table:
        print("\n".join(f"{name:32} {text}" for name, text in sorted(licenses.items())))
        return 0
    missing = unlisted(licenses, _PAGE.read_text(encoding="utf-8"))
    for name, text in missing.items():
        print(f"{name} ({text}) is missing from {_PAGE.name}: add it with what its license asks of whoever shares it")
    return 1 if missing else 0


def _direct(name: str) -> Iterator[str]:
    try:
        requirements = distribution(name).requires or ()
    except PackageNotFoundError:
        return
    for requirement in map(Requirement, requirements):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _normalize(requirement.name)


def _normalize(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main())
