"""Narration of the packaged sample book, to try an installation without any input."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

from hierbatch.engine.execution import Execution
from hierbatch.engine.progress import RunListener
from hierbatch.jobs.books.narrate import NarrateJob, NarrationResult, narrate
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.storage import write_atomically

_SAMPLES = ("book.md", "narrator.flac", "LICENSES.md")


def write_samples(folder: Path) -> tuple[Path, Path]:
    """Copy the sample book, the sample voice and their licenses to a folder; return the book and voice paths."""
    for name in _SAMPLES:
        with as_file(files("hierbatch") / "demo" / name) as packaged, write_atomically(folder / name) as temporary:
            shutil.copyfile(packaged, temporary)
    return folder / "book.md", folder / "narrator.flac"


def narrate_sample(out: Path, execution: Execution, listener: RunListener | None = None) -> NarrationResult:
    """Narrate the sample book in the sample voice; raises the errors of `narrate`.

    Args:
        out: output folder; the book and the voice are written to it too, so that the user can change them and try
            again.
        execution: engine and number of workers.
        listener: run listener that receives progress and notices.
    """
    book, voice = write_samples(out)
    job = NarrateJob(book=book, voices=VoiceChoice(voice=voice, consent="licensed"), out=out, execution=execution)
    return narrate(job, listener)
