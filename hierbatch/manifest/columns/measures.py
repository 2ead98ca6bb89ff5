"""Table of the optional measures of takes: their columns, flags and scorers.

The names for `--measures`, the columns of takes and their reference page, the flags, the report and the notebooks are
all derived from this table, so adding a measure takes one entry. Other packages add measures through entry points of
the group `hierbatch.measures`: the name of the entry point is the name of the measure, and its value is a `Measure`.
The columns of such a measure are declared in the files that contain them, so that a run can be read where the package
is not installed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa

from hierbatch.errors import InputError
from hierbatch.manifest.columns.column import Column, Scale
from hierbatch.plugins import load_plugin, plugin_names

ENTRY_POINT_GROUP = "hierbatch.measures"

MEASURES_KEY = b"hierbatch.measures"
"""Metadata key of a table under which the columns of added measures are declared."""

_TYPE_NAMES = ("float", "double", "int32", "int64", "bool", "string")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """An optional measure of takes; the scorer of the measure is imported only if the measure is requested."""

    name: str
    """Name on the command line."""
    columns: tuple[Column, ...]
    flags: tuple[str, ...] = ()
    """Quality flags that the measure can set."""
    scorer: str = ""
    """Import path `module:callable` of a function that makes a `Scorer` from `ScoringOptions`, both of
    `hierbatch.stages.scoring`; empty for a measure that the synthesis stage computes itself."""
    packages: tuple[str, ...] = ()
    """Import names of packages that the scorer needs in addition to those of a plain installation."""
    install: str = ""
    """Command that installs these packages, for the error message."""

    def __post_init__(self) -> None:
        if unsuitable := [c.name for c in self.columns if str(c.type) not in _TYPE_NAMES]:
            raise ValueError(f"columns {', '.join(unsuitable)} of measure {self.name} are not of {_TYPE_NAMES}")


MEASURES = (
    Measure(
        name="semantic",
        columns=(
            Column(
                "semantic_distance",
                pa.float32(),
                "Cosine distance between the content vectors of the take and those it was synthesized from; optional.",
                Scale(title="Semantic distance", short="semantic distance", low=0, high=2, n_decimals=2),
            ),
        ),
        flags=("off_text", "off_voice"),
    ),
    Measure(
        name="speaker",
        columns=(
            Column(
                "speaker_similarity",
                pa.float32(),
                "Cosine similarity of take and prompt by a speaker network; optional.",
                Scale(title="Similarity to the prompt", short="similarity", low=-1, high=1, n_decimals=2),
            ),
        ),
        scorer="hierbatch.stages.scoring:SpeakerScorer",
        packages=("resemblyzer",),
        install="pip install --no-deps Resemblyzer",
    ),
    Measure(
        name="asr",
        columns=(
            Column("asr_text", pa.string(), "Transcript of a speech recognizer; optional."),
            Column(
                "cer",
                pa.float32(),
                "Character error rate of `asr_text` against `text_norm`; optional.",
                Scale(title="Character error rate", short="CER", low=0, high=2, n_decimals=2),
            ),
        ),
        flags=("misheard",),
        scorer="hierbatch.stages.scoring:TranscriptScorer",
    ),
)

MEASURE_COLUMNS = tuple(column for measure in MEASURES for column in measure.columns)
"""Columns that every table of takes has; they are empty in runs where their measure was not requested."""

MEASURE_FLAGS = tuple(flag for measure in MEASURES for flag in measure.flags)


def measure_names() -> tuple[str, ...]:
    """Names of all measures, built-in and added."""
    return (*(measure.name for measure in MEASURES), *plugin_names(ENTRY_POINT_GROUP))


def find_measure(name: str) -> Measure:
    """Find a measure by name.

    Raises:
        InputError: the name is unknown.
        ProgramError: the package that adds the measure cannot be imported, or its columns have the names of other
            columns.
    """
    for measure in MEASURES:
        if measure.name == name:
            return measure
    added = load_plugin(ENTRY_POINT_GROUP, name, Measure)
    if added is None:
        raise InputError("Unknown measure", expected=", ".join(measure_names()), got=name, fix="change --measures")
    return added


def added_columns(measures: Iterable[Measure]) -> tuple[Column, ...]:
    """Columns of those measures that are not built in."""
    return tuple(column for measure in measures if measure not in MEASURES for column in measure.columns)


def declared_columns(schema: pa.Schema) -> tuple[Column, ...]:
    """Columns of added measures, as declared in the metadata of a table."""
    return parse_columns((schema.metadata or {}).get(MEASURES_KEY, b"[]"))


def parse_columns(declaration: bytes) -> tuple[Column, ...]:
    """Parse a declaration of columns, which is JSON from the metadata of a table."""
    return tuple(
        Column(
            entry["name"],
            pa.type_for_alias(entry["type"]),
            entry["description"],
            Scale(**entry["scale"]) if entry["scale"] else None,
        )
        for entry in json.loads(declaration)
    )


def declare_columns(schema: pa.Schema, columns: Sequence[Column]) -> pa.Schema:
    """Add the columns of measures to a schema of takes, before the audio column, and declare them in the metadata."""
    new = [column for column in columns if column.name not in schema.names]
    known = [*declared_columns(schema), *new]
    if not known:
        return schema
    entries = [
        {
            "name": column.name,
            "type": str(column.type),
            "description": column.description,
            "scale": asdict(column.scale) if column.scale else None,
        }
        for column in known
    ]
    fields = list(schema)
    fields[-1:-1] = [pa.field(column.name, column.type) for column in new]
    return pa.schema(fields, metadata={**(schema.metadata or {}), MEASURES_KEY: json.dumps(entries).encode()})
