"""The steps of the images, without a container: what they copy suffices to build the package, and its command runs."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def instructions(stage):
    """Instructions of a stage and of those that it is built from, in order."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]
    starts = [at for at, (word, _) in enumerate(lines) if word == "FROM"] + [len(lines)]
    for start, end in pairwise(starts):
        base, _, name = lines[start][1].split()
        if name == stage:
            return [*instructions(base), *((word, rest) for word, rest in lines[start + 1 : end])]
    return []


@pytest.mark.parametrize("stage", ["cpu", "cuda"])
def test_an_image_runs_without_privileges_and_is_examined(stage):
    words = dict(instructions(stage))
    assert words["USER"] == "1000"
    assert words["WORKDIR"] == "/data"
    assert words["HEALTHCHECK"].endswith('CMD ["hierbatch", "--version"]')
    assert json.loads(words["ENTRYPOINT"]) == ["hierbatch"]
    pip_lines = [rest for word, rest in instructions(stage) if word == "RUN" and "pip install" in rest]
    assert pip_lines
    assert all("-c constraints.txt" in command for line in pip_lines for command in line.split("&&"))


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["cuda"])  # its steps are those of the other stage without torch's index
def test_what_an_image_copies_builds_a_package_whose_command_runs(stage, tmp_path):
    work, installed = tmp_path / "work", tmp_path / "installed"
    work.mkdir()
    for word, rest in instructions(stage):
        if word == "COPY":
            *sources, target = rest.split()
            for source in sources:
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, work / target, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(ROOT / source, work / target)
    (step,) = (rest for word, rest in instructions(stage) if word == "RUN" and "pip install" in rest)
    pip = [sys.executable, "-m", *shlex.split(step)]
    here = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check", "--target", str(installed)]
    subprocess.run([*pip, *here], cwd=work, check=True)
    environment = os.environ | {"PYTHONPATH": str(installed), "PATH": f"{installed}/bin:{os.environ['PATH']}"}
    for command in (["hierbatch", "--version"], ["hierbatch", *json.loads(dict(instructions(stage))["CMD"])]):
        found = subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
        assert "hierbatch" in found.stdout
    assert (installed / "hierbatch" / "bundles" / "lite").is_dir()
