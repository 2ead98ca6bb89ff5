"""Narrate the sample book of the package, so that an installation can be tried without any input."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

from hierbatch.engine.execution import Execution
from hierbatch.engine.progress import RunListener
from hierbatch.jobs.narrate import NarrateJob, NarrationResult, narrate
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.storage import write_atomically

_SAMPLES = ("book.md", "narrator.flac", "LICENSES.md")


def write_samples(folder: Path) -> tuple[Path, Path]:
    """Write the sample book and the sample voice; return their paths."""
    for name in _SAMPLES:
        with as_file(files("hierbatch") / "demo" / name) as packaged, write_atomically(folder / name) as temporary:
            shutil.copyfile(packaged, temporary)
    return folder / "book.md", folder / "narrator.flac"


def narrate_sample(out: Path, execution: Execution, listener: RunListener | None = None) -> NarrationResult:
    """Narrate the sample book in the sample voice; raises the errors of `narrate`.

    Args:
        out: output folder; it also gets the book and the voice, to be edited and used again.
        execution: engine and number of workers.
        listener: receives progress and notices.
    """
    book, voice = write_samples(out)
    job = NarrateJob(book=book, voices=VoiceChoice(voice=voice, consent="licensed"), out=out, execution=execution)
    return narrate(job, listener)
