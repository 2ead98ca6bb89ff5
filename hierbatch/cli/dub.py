"""`hierbatch dub`: replace the voices of a folder of recordings and films."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hierbatch.cli import exit_codes
from hierbatch.cli.composed import command
from hierbatch.cli.licenses import print_model_license_warnings
from hierbatch.engine.execution import Execution
from hierbatch.jobs.options.control import RunControl
from hierbatch.jobs.options.quality import MeasureChoice
from hierbatch.jobs.options.recordings import DubSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.models.catalog.model_choice import ModelChoice
from hierbatch.object_path import local_path

if TYPE_CHECKING:
    from hierbatch.jobs.dubbing.dub import DubResult

_MAX_PRINTED_ROWS = 20


@command
def dub(
    folder: Annotated[
        Path,
        typer.Argument(
            parser=local_path, help="Folder of recordings and films: WAV, FLAC, MP3, M4A, MP4, MKV and others."
        ),
    ],
    out: Annotated[Path, typer.Option(parser=local_path, help="Output folder: created, or resumed if it exists.")],
    *,
    dubbing: DubSettings,
    voices: VoiceChoice,
    model: ModelChoice,
    execution: Execution,
    quality: MeasureChoice,
    control: RunControl,
) -> None:
    """Replace the voices of a folder of recordings and films.

    Each dubbed file is exactly as long as the original; video is copied. Speech is
    found by voice activity detection, or listed in segment tables, which can have
    several speakers.

    Example: hierbatch dub films --voice anna.flac --consent licensed --out dubbed
    """
    from hierbatch.cli.progress import ProgressLine
    from hierbatch.jobs.dubbing.dub import DubJob
    from hierbatch.jobs.dubbing.dub import dub as dub_job

    job = DubJob(
        folder=folder,
        out=out,
        dubbing=dubbing,
        voices=voices,
        model=model,
        execution=execution,
        quality=quality,
        control=control,
    )
    print_model_license_warnings(model.model)
    with ProgressLine() as line:
        result = dub_job(job, line.listener())
    raise typer.Exit(_print_result(result))


def _print_result(dubbing: DubResult) -> int:
    """Print the report rows. Returns the exit code."""
    from hierbatch.cli.outcome import exit_code
    from hierbatch.engine.progress import format_duration

    finished = [line for line in dubbing.lines if not line.error]
    for line in finished[:_MAX_PRINTED_ROWS]:
        voices = f"{line.speaker} -> {line.voice}" if line.speaker else f"-> {line.voice}"
        similarity = "" if line.speaker_similarity is None else f", similarity {line.speaker_similarity:.2f}"
        flags = f", {line.flags}" if line.flags else ""
        print(f"{line.output}: {voices}, length error {line.length_error_samples}{similarity}{flags}")
    if len(finished) > _MAX_PRINTED_ROWS:
        print(f"... and {len(finished) - _MAX_PRINTED_ROWS} more rows in {dubbing.report}")
    for line in dubbing.lines:
        if line.error:
            print(f"{line.file}: {line.error}")
    files = {line.file: line.duration_s or 0.0 for line in finished}
    print(
        f"{dubbing.report}: {len(files)} files dubbed, {format_duration(sum(files.values()))}, "
        f"{dubbing.n_failed} failed"
    )
    return exit_code(dubbing.outcome) or (exit_codes.FAILED_ROWS if dubbing.n_failed else exit_codes.OK)
