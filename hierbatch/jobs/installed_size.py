"""Disk space of the installed dependencies, from the lists of files that installers keep for every package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement

_DEPENDENCY_FIRST = ("torch", "torchaudio", "transformers", "ray")
"""Dependencies to which shared packages are attributed first; most requirements of other dependencies are shared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledDependency:
    """A declared dependency, together with the packages it requires that are not attributed to another dependency."""

    name: str
    n_bytes: int
    largest: tuple[str, ...]
    """Names of the largest of these packages, at most three."""


def measure_dependency_sizes(package: str = "hierbatch") -> tuple[InstalledDependency, ...]:
    """Size of each installed dependency of a package, largest first; each required package is counted once."""
    if not _is_installed(package):
        return ()
    declared = list(_requirements(distribution(package)))
    declared.sort(key=lambda name: _DEPENDENCY_FIRST.index(name) if name in _DEPENDENCY_FIRST else len(declared))
    seen = {package, *declared}
    dependencies = []
    for name in declared:
        closure = [name, *_closure(name, seen)]
        sizes = {each: _n_bytes(each) for each in closure}
        largest = sorted((each for each in closure if each != name), key=lambda each: -sizes[each])[:3]
        dependencies.append(InstalledDependency(name=name, n_bytes=sum(sizes.values()), largest=tuple(largest)))
    return tuple(sorted(dependencies, key=lambda dependency: -dependency.n_bytes))


def _closure(name: str, seen: set[str]) -> Iterator[str]:
    """Yield the packages not in `seen` that a package requires, directly or indirectly, and add them to `seen`."""
    try:
        required = list(_requirements(distribution(name)))
    except PackageNotFoundError:
        return
    for each in required:
        if each not in seen:
            seen.add(each)
            yield each
            yield from _closure(each, seen)


def _requirements(package: Distribution) -> Iterator[str]:
    """Yield the names of the installed packages that a package requires on this Python version, without its extras."""
    for text in package.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            name = re.sub(r"[-_.]+", "-", requirement.name).lower()
            if _is_installed(name):
                yield name


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _n_bytes(name: str) -> int:
    return sum(file.size or 0 for file in distribution(name).files or ())
