"""Stage that scores takes by the optional measures of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import pyarrow as pa

from hierbatch.audio.files import read_sound
from hierbatch.errors import InputError, ProgramError
from hierbatch.manifest.columns.column import Column
from hierbatch.manifest.columns.measures import (
    MEASURE_COLUMNS,
    MEASURES,
    Measure,
    added_columns,
    declare_columns,
    declared_columns,
    find_measure,
    measure_names,
)
from hierbatch.manifest.columns.schema import TAKE_COLUMNS
from hierbatch.stages.scoring import Scorer, ScoringOptions, TakeToScore
from hierbatch.stages.voices import read_prompt

_ASR = "asr"
_FLAGS_TYPE = next(column.type for column in TAKE_COLUMNS if column.name == "flags")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Measures requested for a run; they do not change the audio, so a run can resume with other measures."""

    names: tuple[str, ...] = ()
    """Names of measures, in the order of the table of measures."""
    asr_model: Path | None = None
    """Folder of a Whisper model that transcribes the takes; if it is set, the measure `asr` is added to `names`."""

    def __post_init__(self) -> None:
        if self.asr_model and _ASR not in self.names:
            object.__setattr__(self, "names", (*self.names, _ASR))

    @classmethod
    def from_names(cls, names: Iterable[str], asr_model: Path | None = None) -> Self:
        """Choose measures by name; raises InputError for an unknown name.

        Args:
            names: names of measures.
            asr_model: folder of a Whisper model.
        """
        wanted = set(names)
        known = measure_names() if wanted else ()
        if unknown := sorted(wanted - set(known)):
            raise InputError(
                "Unknown measure", expected=", ".join(known), got=", ".join(unknown), fix="change --measures"
            )
        return cls(names=tuple(name for name in known if name in wanted), asr_model=asr_model)

    @classmethod
    def installed(cls, asr_model: Path | None = None) -> Self:
        """Choose all built-in measures whose packages are installed; `asr` is included if `asr_model` is set."""
        found = [m.name for m in MEASURES if m.name != _ASR and all(find_spec(package) for package in m.packages)]
        return cls.from_names(found, asr_model)

    @classmethod
    def from_origin(cls, origin: Mapping[str, str]) -> Self:
        """Read the measures of a run from its record, in which `to_origin` stored them."""
        folder = origin.get("recognizer")
        return cls.from_names(filter(None, origin.get("measures", "").split(",")), Path(folder) if folder else None)

    def to_origin(self) -> dict[str, str]:
        """Entries that record the measures in run.json; empty without measures."""
        texts = {
            "measures": ",".join(self.names),
            "recognizer": str(self.asr_model.resolve()) if self.asr_model else "",
        }
        return {name: text for name, text in texts.items() if text}

    @property
    def semantic(self) -> bool:
        """True if the model's own encoder compares each take with its text and prompt, during synthesis."""
        return "semantic" in self.names

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns that the measures add to the standard columns of takes; raises InputError or ProgramError."""
        return added_columns(find_measure(name) for name in self.names)

    def check(self) -> None:
        """Load all scorers once, before any worker does; raises InputError or ProgramError."""
        self.open_scorers()

    def open_scorers(self) -> list[tuple[Measure, Scorer]]:
        """Load the scorers of the requested measures, and return each with its measure.

        Raises:
            InputError: an option that a measure needs is missing or invalid.
            ProgramError: a package that a measure needs is missing or damaged.
        """
        options = ScoringOptions(asr_model=self.asr_model)
        measures = [find_measure(name) for name in self.names]
        return [(measure, _open_scorer(measure, options)) for measure in measures if measure.scorer]


class ScoreTakes:
    """Stage that scores successful takes; failed ones pass through unchanged."""

    reads: ClassVar[tuple[str, ...]] = ("voice", "language", "text_norm", "flags", "audio")
    writes: ClassVar[tuple[str, ...]] = ("flags", *(column.name for column in MEASURE_COLUMNS))

    def __init__(self, measures: Measures, voices: Path) -> None:
        """Load the requested scorers; `voices` is the path of the run's voice table, which holds the prompts."""
        self._scorers = measures.open_scorers()
        self._columns = [column for measure, _ in self._scorers for column in measure.columns]
        self._added = added_columns(measure for measure, _ in self._scorers)
        self._voices = voices

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Fill in the scores of successful takes; columns of added measures are inserted before the audio."""
        if not self._scorers:
            return rows
        self._check_names(rows.schema)
        scored = [self._score(row) for row in rows.select(list(self.reads)).to_pylist()]
        schema = declare_columns(rows.schema, self._added)
        types = {"flags": _FLAGS_TYPE, **{column.name: column.type for column in self._columns}}
        columns = [
            pa.array([row[name] for row in scored], types[name]) if name in types else rows.column(name)
            for name in schema.names
        ]
        return pa.table(columns, schema=schema)

    def _score(self, row: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {column.name: None for column in self._columns} | {"flags": row["flags"]}
        if row["audio"] is None:
            return found
        take = TakeToScore(
            waveform=read_sound(row["audio"]["bytes"]),
            text_norm=row["text_norm"] or "",
            language=row["language"],
            voice=row["voice"],
            read_prompt=partial(read_prompt, self._voices, row["voice"]),
        )
        for measure, scorer in self._scorers:
            score = scorer(take)
            found |= {column.name: score.values.get(column.name) for column in measure.columns}
            found["flags"] = [*found["flags"], *score.flags]
        return found

    def _check_names(self, schema: pa.Schema) -> None:
        """Check that no column of the manifest has the name of a column that a measure adds; raises InputError."""
        declared = {column.name for column in declared_columns(schema)}
        if taken := [c.name for c in self._added if c.name in schema.names and c.name not in declared]:
            raise InputError(
                "The manifest has columns with the names of measures",
                got=", ".join(taken),
                fix="rename these columns of the manifest, or leave out the measures",
            )


def _open_scorer(measure: Measure, options: ScoringOptions) -> Scorer:
    module, _, attribute = measure.scorer.partition(":")
    try:
        return cast("Scorer", getattr(import_module(module), attribute)(options))
    except (ImportError, AttributeError) as error:
        raise ProgramError(
            f"The measure {measure.name} cannot be loaded",
            expected=f"a scorer {measure.scorer}" + (f" and {', '.join(measure.packages)}" if measure.packages else ""),
            got=str(error),
            fix=f"{measure.install or 'reinstall the package'}, or leave out the measure",
        ) from error
