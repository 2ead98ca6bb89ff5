"""Front-end stage for songs: turns scores into phrases of phonemes before any model runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa

from hierbatch.constants import FRAMES_PER_SECOND
from hierbatch.errors import RowError, SetupError, TextError
from hierbatch.frontend.scores.reading import read_score
from hierbatch.frontend.singing.phrases import Song
from hierbatch.frontend.singing.song import song_from_score
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS, PLAN_COLUMNS, SONG_COLUMNS
from hierbatch.manifest.tables.table_columns import with_column
from hierbatch.stages.sources import resolve_source_path
from hierbatch.stages.takes import failure_reason
from hierbatch.stages.text import FrontEnds

_TYPES = {column.name: column.type for column in (*MANIFEST_COLUMNS, *PLAN_COLUMNS, *SONG_COLUMNS)}


class ReadSongs:
    """Stage that reads the score of each row, and adds the phrases, phonemes, language and duration of the song."""

    reads: ClassVar[tuple[str, ...]] = ("song", "lyrics", "language")
    writes: ClassVar[tuple[str, ...]] = (
        "song_json", "text_norm", "phonemes", "language", "expected_duration_s", "error_kind", "error",
    )  # fmt: skip

    def __init__(
        self, root: Path, front_ends: FrontEnds, unusable_voices: Mapping[str, RowError] | None = None
    ) -> None:
        """Create the stage.

        Args:
            root: folder to which paths of scores are relative, and in which all scores must be.
            front_ends: front ends for the lyrics.
            unusable_voices: error of each voice that cannot be used, by name.
        """
        self._root, self._front_ends, self._unusable = root, front_ends, unusable_voices or {}

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Read the scores of rows, and add the columns in `writes`."""
        columns = [name for name in (*self.reads, "voice") if name in rows.column_names]
        results = [self._read(row) for row in rows.select(columns).to_pylist()]
        for name in self.writes:
            rows = with_column(rows, name, pa.array([row[name] for row in results], _TYPES[name]))
        return rows

    def _read(self, row: dict[str, Any]) -> dict[str, Any]:
        song: Song | None = None
        kind = error = None
        try:
            if row.get("voice") in self._unusable:
                raise self._unusable[row["voice"]]
            if not row["song"]:
                raise TextError("The row has no score", expected="a path in the column song", fix="add the path")
            score = read_score(Path(resolve_source_path(self._root, row["song"])))
            if row.get("lyrics"):
                score = score.with_lyrics(row["lyrics"])
            song = song_from_score(score, self._front_ends(""), row["language"] or "auto")
        except SetupError:
            raise
        except Exception as problem:  # noqa: BLE001 - one row must never stop the others
            kind, error = failure_reason(problem)
        return {
            "song_json": song.to_json() if song else None,
            "text_norm": song.text if song else "",
            "phonemes": song.phonemes if song else None,
            "language": song.language if song else row["language"],
            "expected_duration_s": song.n_frames / FRAMES_PER_SECOND if song else 0.0,
            "error_kind": kind,
            "error": error,
        }
