"""SHA-256 of the decoded samples of one row per task, to show that a refactoring changed no sound.

    python -m tools.reference_sounds write before.json
    python -m tools.reference_sounds compare before.json

Hashes are comparable on one machine only, since other processors round differently.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq
import soundfile

_ROOT = Path(__file__).resolve().parents[1]
_VOICES = _ROOT / "manifests" / "voices"
_SENTENCES = {
    "english": ("en", "The house on the hill has 24 windows, and none of them is closed."),
    "korean": ("ko", "언덕 위의 집에는 창문이 스물네 개 있고, 닫힌 창은 하나도 없다."),
}


def reference_sounds(folder: Path) -> dict[str, str]:
    """Hashes of an English, a Korean, a converted and an upsampled take, made by the commands a user runs.

    Args:
        folder: an empty folder for manifests and runs.
    """
    texts = [{"id": name, "text": text, "language": language} for name, (language, text) in _SENTENCES.items()]
    shutil.copy(_VOICES / "low.flac", folder)
    recordings = [{"id": "recording", "source": "low.flac"}]
    voice = ("--voice", str(_VOICES / "narrator.flac"))
    return {
        **_hashes(folder, "run", texts, *voice),
        "converted": _hashes(folder, "convert", recordings, *voice)["recording"],
        "upsampled": _hashes(folder, "upsample", recordings, "--rate-hz", "48000")["recording"],
    }


def _hashes(folder: Path, command: str, rows: list[dict[str, str]], *options: str) -> dict[str, str]:
    manifest, out = folder / f"{command}.csv", folder / command
    with manifest.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    start = [sys.executable, "-c", "from hierbatch.cli.app import main; main()", command, str(manifest)]
    subprocess.run([*start, "--out", str(out), "--engine", "local", *options], check=True, stdout=subprocess.DEVNULL)
    takes = pq.read_table(out / "parts", columns=["id", "audio"]).to_pylist()
    return {take["id"]: _sample_hash(take["audio"]["bytes"]) for take in takes}


def _sample_hash(sound: bytes) -> str:
    samples, rate_hz = soundfile.read(io.BytesIO(sound), dtype="int16", always_2d=True)
    return hashlib.sha256(f"{rate_hz}:{samples.shape}:".encode() + samples.tobytes()).hexdigest()


def _differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("write", "compare"))
    parser.add_argument("file", type=Path, help="JSON file of the hashes")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        now = reference_sounds(Path(folder))
    if asked.action == "write":
        asked.file.write_text(json.dumps(now, indent=2) + "\n", encoding="utf-8")
        return 0
    changed = _differences(json.loads(asked.file.read_text(encoding="utf-8")), now)
    for name in now:
        print(f"{'changed' if name in changed else 'same':8}{name}  {now[name][:16]}")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
