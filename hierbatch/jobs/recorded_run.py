"""Settings of a planned run, read from its record, with which further takes of its rows can be made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from hierbatch.engine.attempts import reread_sources
from hierbatch.engine.planning import TakeSettings
from hierbatch.engine.requested_takes import RequestedTakes
from hierbatch.engine.run_folder import RunFolder
from hierbatch.errors import RunError
from hierbatch.frontend.lexicon import Lexicon, LexiconEntry
from hierbatch.jobs.specs.base import file_sha256
from hierbatch.manifest.runs.plan_sources import PlanSources
from hierbatch.manifest.runs.run_layout import RunLayout
from hierbatch.models.catalog.open_model import read_model_info
from hierbatch.stages.base import Stage
from hierbatch.stages.songs import ReadSongs
from hierbatch.stages.sources import ReadSource
from hierbatch.stages.tasks import find_task
from hierbatch.stages.text import FrontEnds, PhonemizeText, front_ends


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    """The newest generation of a run, with its settings."""

    folder: RunFolder
    generation: int
    origin: Mapping[str, str]
    take_settings: TakeSettings
    read_text: Stage | None
    """Front end that reads the texts or songs of the rows; None if the rows are recordings."""

    def reread(self, rows: pa.Table) -> pa.Table:
        """Read the texts or recordings of planned rows again, and update the columns that depend on them."""
        if self.read_text is not None:
            return self.read_text(rows)
        sources = PlanSources(self.folder.sources_file(self.generation))
        read = partial(reread_sources, read=ReadSource(Path(self.origin["source_root"])), sources=sources)
        return read(rows)

    def requested_takes(self) -> RequestedTakes:
        """Planner of the takes that reviewers request."""
        return RequestedTakes(self.folder, self.generation, self.take_settings, self.read_text)


def open_recorded_run(folder: RunFolder) -> RecordedRun:
    """Read the record of the newest generation, and check that its model and its lexicon have not changed.

    Raises:
        RunError: the folder is not a run, has no plan yet, or its model or lexicon has changed.
    """
    newest = folder.newest_complete()
    origin, take_settings = newest["origin"], _take_settings(newest["settings"])
    _check_model(origin["model"], take_settings)
    read_text: Stage | None = None
    if "songs_root" in origin:
        read_text = ReadSongs(Path(origin["songs_root"]), recorded_front_ends(folder))
    elif "source_root" not in origin:
        read_text = PhonemizeText(recorded_front_ends(folder))
    return RecordedRun(
        folder=folder,
        generation=int(newest["number"]),
        origin=origin,
        take_settings=take_settings,
        read_text=read_text,
    )


def recorded_front_ends(folder: RunFolder, added: Sequence[LexiconEntry] = ()) -> FrontEnds:
    """Front ends of a run that reads texts, in the versions with which the run was planned.

    Pronunciations that were corrected since then are included.

    Args:
        folder: folder of the run.
        added: entries to add to the lexicon of the run; they replace entries for the same word and language.

    Raises:
        RunError: the folder is not a run, or its lexicon has changed.
    """
    newest = folder.newest_complete()
    origin = newest["origin"]
    lexicon = _lexicon(origin, newest["settings"].get("lexicon_sha256"))
    corrected = RunLayout(folder.root).corrected_lexicon
    if corrected.exists():
        added = [*added, *Lexicon.read(corrected).entries]
    if added:
        replaced = {(entry.word, entry.language) for entry in added}
        kept = [entry for entry in (lexicon.entries if lexicon else ()) if (entry.word, entry.language) not in replaced]
        lexicon = Lexicon([*added, *kept])
    return front_ends(lexicon, read_model_info(origin["model"]).frontend_versions)


def _check_model(name: str, settings: TakeSettings) -> None:
    found = find_task(settings.task).read_model_info(name).fingerprint
    if found != settings.fingerprint:
        raise RunError(
            "The model has changed since the run",
            expected=settings.fingerprint,
            got=found,
            fix="repeat the command of the run with --update",
        )


def _lexicon(origin: Mapping[str, str], sha256: str | None) -> Lexicon | None:
    if sha256 is None:
        return None
    path = Path(origin["lexicon"])
    lexicon = Lexicon.read(path)
    if file_sha256(path) != sha256:
        raise RunError(
            f"The lexicon {path} has changed since the run", fix="repeat the command of the run with --update"
        )
    return lexicon


def _take_settings(settings: dict[str, Any]) -> TakeSettings:
    """Settings of takes, from the settings in the record of a run."""
    task = find_task(settings["task"])
    return TakeSettings(
        task=task.name,
        defaults={name: settings.get(name) for name in task.defaultable},
        run_settings={name: settings[name] for name in task.run_settings if name in settings},
        seed=settings["seed"],
        voice_sha256=settings["voices"],
        fingerprint=settings["fingerprint"],
    )
