"""Compute the distribution of voices of a Lite bundle.

    python -m tools.voice_space --bundle lite --measurements /tmp/voices.npz

Clips are read from `speech/` in HIERBATCH_SHARED or `../shared`. The measurements take about 15 minutes on one core and
are kept, so that the fit can be repeated; the fit takes seconds and writes `voices.safetensors` into the bundle's
folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tools.evaluation.kit import shared_folder
from tools.voice_space.clips import speaker_clips
from tools.voice_space.fit import fit_space
from tools.voice_space.measurements import Measurements, measure_clips


def main(
    bundle: Annotated[str, typer.Option(help="Bundle whose styles are measured.")] = "lite",
    measurements: Annotated[Path, typer.Option(help="File to keep the measurements in.")] = Path("voices.npz"),
    out: Annotated[Path | None, typer.Option(help="File to write. Default: in the bundle's folder.")] = None,
) -> None:
    """Measure the clips if that has not been done, and fit the distribution."""
    if not measurements.is_file():
        clips = speaker_clips(shared_folder() / "speech")
        measure_clips(clips, bundle).save(measurements)
    print(fit_space(Measurements.read(measurements), bundle, out))


if __name__ == "__main__":
    typer.run(main)
