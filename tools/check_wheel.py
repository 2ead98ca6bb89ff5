"""Check of a built wheel outside the checkout: pip installs it, its requirements are installed, and it can speak.

    python -m tools.check_wheel dist

The wheel is installed into an empty folder that comes first on the import path, so that only the dependencies come from
this environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib.metadata import Distribution, PackageNotFoundError, distributions, version
from pathlib import Path

from packaging.requirements import Requirement

_SPEAK = """
import hierbatch
from pathlib import Path
from hierbatch.jobs.demo import write_samples
assert {installed!r} in hierbatch.__file__, hierbatch.__file__
_, prompt = write_samples(Path("samples"))
tts = hierbatch.load("lite")
speech = tts.speak("The wheel speaks.", voice=prompt, consent="licensed", language="en")
assert 0.5 < speech.duration_s < 5 and len(speech.words) == 3, speech
print(speech.save("wheel.flac"), speech)
"""


def missing_requirements(distribution: Distribution) -> list[str]:
    """Requirements of a plain installation that this environment does not satisfy."""
    missing = []
    for requirement in map(Requirement, distribution.requires or ()):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            is_met = requirement.specifier.contains(version(requirement.name), prereleases=True)
        except PackageNotFoundError:
            is_met = False
        if not is_met:
            missing.append(str(requirement))
    return missing


def main() -> int:
    (wheel,) = Path(sys.argv[1]).glob("hierbatch-*.whl")
    with tempfile.TemporaryDirectory() as folder:
        installed = str(Path(folder, "site"))
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--target", installed, str(wheel.resolve())], check=True)
        (distribution,) = distributions(name="hierbatch", path=[installed])
        if missing := missing_requirements(distribution):
            print(f"Requirements that are not installed: {', '.join(missing)}")
            return 1
        environment = {**os.environ, "PYTHONPATH": installed}
        commands: tuple[list[str], ...] = (
            [str(Path(installed, "bin", "hierbatch")), "--version"],
            [sys.executable, "-c", _SPEAK.format(installed=installed)],
        )
        codes = (subprocess.run(command, cwd=folder, env=environment, check=False).returncode for command in commands)
        return next(filter(None, codes), 0)


if __name__ == "__main__":
    sys.exit(main())
