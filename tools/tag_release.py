"""Version tag of a release.

    python -m tools.tag_release

The current commit is tagged `vVERSION` if `CHANGELOG.md` has a section of the version and there are no uncommitted
changes. The versions in `pyproject.toml` and `CITATION.cff` have to agree.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path


def read_version(root: Path) -> str:
    """Version in `pyproject.toml`.

    Raises:
        SystemExit: `CITATION.cff` has another version or none.
    """
    version = str(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
    cited = re.search(r"^version: (.+)$", (root / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    if cited is None or cited[1].strip() != version:
        raise SystemExit(f"CITATION.cff has another version than pyproject.toml. Fix: write version: {version}")
    return version


def obstacle(root: Path, version: str) -> str:
    """Reason why the release cannot be tagged yet; empty if it can."""
    if not re.search(
        rf"^## \[{re.escape(version)}\]", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    ):
        return f"CHANGELOG.md has no section of {version}"
    if _git(root, "status", "--porcelain"):
        return "there are uncommitted changes"
    if _git(root, "tag", "--list", f"v{version}"):
        return "the tag exists"
    return ""


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def main(root: Path = Path()) -> int:
    version = read_version(root)
    if reason := obstacle(root, version):
        print(f"v{version} is not tagged: {reason}")
        return 0
    _git(root, "tag", "--annotate", f"v{version}", "--message", f"hierbatch {version}")
    print(f"Tagged v{version}. To publish: git push origin v{version} && twine upload dist/*")
    return 0


if __name__ == "__main__":
    sys.exit(main())
