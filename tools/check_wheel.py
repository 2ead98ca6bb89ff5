"""Check of a built wheel outside the checkout: its files are complete, and it speaks a sentence.

    python tools/check_wheel.py dist

The wheel is unpacked into an empty folder that comes first on the import path, so that only the dependencies come from
this environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

_SPEAK = """
import hierbatch
from pathlib import Path
from hierbatch.jobs.demo import write_samples
assert {unpacked!r} in hierbatch.__file__, hierbatch.__file__
_, prompt = write_samples(Path("samples"))
tts = hierbatch.load("lite")
speech = tts.speak("The wheel speaks.", voice=prompt, consent="licensed", language="en")
assert 0.5 < speech.duration_s < 5 and len(speech.words) == 3, speech
print(speech.save("wheel.flac"), speech)
"""


def main() -> int:
    (wheel,) = Path(sys.argv[1]).glob("hierbatch-*.whl")
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(wheel).extractall(folder)
        code = _SPEAK.format(unpacked=folder)
        environment = {**os.environ, "PYTHONPATH": folder}
        return subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
