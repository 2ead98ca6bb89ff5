"""The page that explains every column, made from the schemas themselves."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from hierbatch.manifest.schema import AUDIO, MANIFEST_COLUMNS, TAKE_COLUMNS, TIMING, VOICE_COLUMNS, Column
from hierbatch.manifest.voice_map import MAP_COLUMNS

_INTRODUCTION = """\
# Manifests

A manifest is a table with one row for each thing to speak or recording to convert: Parquet, CSV or JSON Lines. This
page is written by `hierbatch columns > manifests/README.md`; what stands here is what the program reads and writes.

| file | what it shows |
| --- | --- |
| [sample_book.md](sample_book.md) | a small book, an English and a Korean chapter: what `make narrate` reads |
| [sentences.csv](sentences.csv) | a manifest of plain sentences |
| [book.csv](book.csv) | a manifest of a book, as `hierbatch import` writes it |
| [recordings.csv](recordings.csv) | a manifest of recordings to convert |
| [voice_map.csv](voice_map.csv) | whose voice takes whose place in a folder to dub |
| [voices/voices.csv](voices/voices.csv) | a voices table, with the prompts beside it |
| [filter.toml](filter.toml) | rules for a corpus: which takes stay |
| [LICENSES.md](LICENSES.md) | where every text and recording here comes from |

    hierbatch run manifests/sentences.csv --voices manifests/voices/voices.csv --out runs/sentences
    hierbatch convert manifests/recordings.csv --voices manifests/voices/voices.csv --out runs/converted
"""

_SECTIONS: tuple[tuple[str, str, tuple[Column, ...]], ...] = (
    (
        "What you give: the manifest",
        "`id` and, to speak, one of `text` and `phonemes`, or, to convert, `source` are needed; everything else may be "
        "left out. Columns of other names "
        "pass through to the takes untouched.",
        MANIFEST_COLUMNS,
    ),
    ("What you give: the voices table", "Relative paths start at the table's own folder.", VOICE_COLUMNS),
    (
        "What you give to dub: the voice map",
        "The first line that fits counts; see [docs/dubbing.md](../docs/dubbing.md).",
        MAP_COLUMNS,
    ),
    (
        "What you get: the takes",
        "A Parquet file a unit of work in `RUN/parts/`, one row for every row asked for, failed ones too; the files "
        "open in Hugging Face `datasets` as they are.",
        TAKE_COLUMNS,
    ),
)


def columns_page() -> str:
    """The page as Markdown."""
    sections = [f"## {title}\n\n{text}\n\n{_table(columns)}" for title, text, columns in _SECTIONS]
    return "\n".join([_INTRODUCTION, *sections])


def _table(columns: Iterable[Column]) -> str:
    rows = [f"| `{column.name}` | {_type_name(column.type)} | {column.meaning} |" for column in columns]
    return "\n".join(["| column | type | meaning |", "| --- | --- | --- |", *rows, ""])


def _type_name(kind: pa.DataType) -> str:
    if kind == AUDIO:
        return "sound"
    if pa.types.is_list(kind):
        return f"list of {_type_name(kind.value_type)}"
    if kind == TIMING:
        return ", ".join(f"`{field.name}`" for field in TIMING)
    return {"string": "text", "timestamp[us, tz=UTC]": "time"}.get(str(kind), str(kind))
