"""Utterances of a corpus: the successful takes of a run that no filter rule rejects, streamed in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hierbatch.audio.flac_integrity import find_flac_damage
from hierbatch.delivery.takes import TimedWord
from hierbatch.errors import RunError
from hierbatch.manifest.columns.measures import MEASURE_COLUMNS, declared_columns
from hierbatch.manifest.corpora.corpus_rows import REJECTED_BY, with_rejections
from hierbatch.manifest.decisions.verdicts import REJECTED_KIND
from hierbatch.manifest.runs.parts import read_voice_rows
from hierbatch.manifest.runs.run_layout import RunLayout
from hierbatch.manifest.runs.take_ids import TAKE_ID_COLUMNS, row_names
from hierbatch.manifest.takes.takes import Takes

DEFAULT_DELIVERY = ("speed", "pitch_semitones", "prosody", "seed")
MEASURES = (
    "loudness_lufs", "peak_db", "clipped_samples", "silence_ratio", "duration_ratio", "f0_median_hz",
    "f0_std_semitones", "snr_db", *(column.name for column in MEASURE_COLUMNS if column.scale),
)  # fmt: skip
"""Columns of quality measures exported with every utterance; columns of added measures follow them."""

_TAKE_COLUMNS = (
    *TAKE_ID_COLUMNS, "status", "text_norm", "phonemes", "language", "voice", "sample_rate_hz", "n_samples",
    "duration_s", "timings", "consent", "synthetic", "model", "hierbatch_version", "seed", "voice_sha256",
)  # fmt: skip
_READ_BATCH_ROWS = 4096
"""Number of rows of the filtered table in memory at a time."""

_MANIFEST_COLUMNS = ("text", "speaker", "split", "text_license", "speed", "pitch_semitones", "prosody")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusUtterance:
    """Utterance with all exported fields; `flac` is its encoded audio."""

    id: str
    text: str
    text_norm: str
    phonemes: str
    language: str
    speaker: str
    voice: str
    voice_sha256: str | None
    split: str
    sample_rate_hz: int
    n_samples: int
    duration_s: float
    words: tuple[TimedWord, ...]
    consent: str
    consent_ref: str | None
    license: str | None
    """License of the voice's reference recording."""
    text_license: str | None
    synthetic: bool
    model: str
    hierbatch_version: str
    delivery: Mapping[str, Any]
    measures: Mapping[str, Any]
    flac: bytes

    def provenance(self) -> dict[str, Any]:
        """Fields that every export format must keep: synthetic flag, consent, licenses and generating model."""
        return {
            "synthetic": self.synthetic,
            "consent": self.consent,
            "consent_ref": self.consent_ref,
            "license": self.license,
            "text_license": self.text_license,
            "model": self.model,
            "hierbatch_version": self.hierbatch_version,
        }

    @property
    def synthetic_notice(self) -> str:
        """Provenance in one line, for the comment tag of an audio file."""
        return (
            f"Synthetic speech: {self.model}, hierbatch {self.hierbatch_version}; consent of the voice: {self.consent}"
        )


class CorpusSource:
    """Reader of the utterances of a finished run; memory holds only an index and the audio of one part file at a time.

    Raises:
        RunError: the run is not finished, or has changed since it was filtered.
    """

    def __init__(self, run: Path, mark_flac: Callable[[bytes], bytes] | None = None) -> None:
        """Open the run.

        Args:
            run: folder of the run.
            mark_flac: function that puts a watermark into FLAC content; None leaves the audio unchanged.
        """
        self._mark_flac = mark_flac
        self._takes = Takes(run)
        layout = RunLayout(run)
        if len(self._takes) < self._takes.n_rows:
            got = f"{len(self._takes)} of {self._takes.n_rows}"
            raise RunError(f"{run} is not finished", expected="a take of every row", got=got, fix="complete the run")
        voices = read_voice_rows(layout.voices_file(layout.newest_generation()))
        facts = voices.select([name for name in voices.column_names if name not in ("audio", "voice_file")])
        self._voices = {row["voice"]: row for row in facts.to_pylist()}
        self._measures = (*MEASURES, *(c.name for c in declared_columns(self._takes.schema) if c.scale))
        self._manifest_columns = [name for name in _MANIFEST_COLUMNS if name in self._takes.schema.names]
        has_choices = len(self._takes.choices) > 0  # which may be newer than the table of the corpus
        self._filtered = layout.corpus_rows if layout.corpus_rows.exists() and not has_choices else None
        if self._filtered and _checksum(_read_batches(self._filtered, TAKE_ID_COLUMNS)) != _checksum(
            self._takes.iter_tables(TAKE_ID_COLUMNS)
        ):
            raise RunError(
                f"{run} has changed since it was filtered", fix="run the same `hierbatch corpus` command again"
            )

    @property
    def n_rows(self) -> int:
        """Number of rows in the run, including rejected rows."""
        return self._takes.n_rows

    def rejected(self) -> Iterator[dict[str, Any]]:
        """Yield each rejected row as a dict of `id`, `language`, `voice`, `text_norm`, `error` and `rejected_by`."""
        columns = ["id", "language", "voice", "text_norm", "error"]
        for rows in self._rows([*columns, REJECTED_BY.name]):
            for row in rows.filter(_is_rejected(rows)).to_pylist():
                note = self._takes.choices.row(row["id"]).note if REJECTED_KIND in row["rejected_by"] else ""
                yield row | {"error": note or row["error"]}

    def _rows(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Yield columns of all rows; the rules that reject each row are computed if there is no filtered table."""
        if self._filtered:
            yield from _read_batches(self._filtered, columns)
        else:
            names = [name for name in columns if name != REJECTED_BY.name]
            yield from with_rejections(self._takes, names)

    def __iter__(self) -> Iterator[CorpusUtterance]:
        """Yield the utterances that are not rejected, in the order of the part files."""
        rejected = self._rejected_names()
        for rows in self._takes.iter_tables([*_TAKE_COLUMNS, *self._measures, *self._manifest_columns, "audio"]):
            kept = rows.filter(pc.invert(pc.is_in(row_names(rows), value_set=rejected)))
            for batch in kept.to_batches(max_chunksize=16):
                yield from map(self._utterance, batch.to_pylist())

    def _rejected_names(self) -> pa.Array:
        names = [
            row_names(rows.filter(_is_rejected(rows))) for rows in self._rows([*TAKE_ID_COLUMNS, REJECTED_BY.name])
        ]
        return pa.concat_arrays(names)

    def _utterance(self, row: dict[str, Any]) -> CorpusUtterance:
        flac = (row["audio"] or {}).get("bytes") or b""
        if fault := find_flac_damage(flac, rate_hz=row["sample_rate_hz"], n_samples=row["n_samples"]):
            raise RunError(
                f"The audio of row {row['id']} is damaged",
                expected="the audio that was committed",
                got=fault,
                fix="synthesize it again with `hierbatch retry RUN --id ID`; `hierbatch status RUN --verify` finds all",
            )
        voice = self._voices.get(row["voice"], {})
        words = [TimedWord(t["text"], t["start_s"], t["end_s"]) for t in row["timings"] or () if t["kind"] == "word"]
        return CorpusUtterance(
            id=row["id"],
            text=row.get("text") or row["text_norm"] or "",
            text_norm=row["text_norm"] or "",
            phonemes=row["phonemes"] or "",
            language=row["language"] or "",
            speaker=row.get("speaker") or voice.get("speaker") or row["voice"],
            voice=row["voice"],
            voice_sha256=row["voice_sha256"],
            split=row.get("split") or "train",
            sample_rate_hz=row["sample_rate_hz"],
            n_samples=row["n_samples"],
            duration_s=row["duration_s"],
            words=tuple(words),
            consent=row["consent"] or "unknown",
            consent_ref=voice.get("consent_ref"),
            license=voice.get("license"),
            text_license=row.get("text_license"),
            synthetic=row["synthetic"],
            model=row["model"],
            hierbatch_version=row["hierbatch_version"],
            delivery={name: row.get(name) for name in DEFAULT_DELIVERY},
            measures={name: row[name] for name in self._measures},
            flac=self._mark_flac(flac) if self._mark_flac else flac,
        )


def _read_batches(table: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    with pq.ParquetFile(table) as file:
        for batch in file.iter_batches(batch_size=_READ_BATCH_ROWS, columns=list(columns)):
            yield pa.Table.from_batches([batch])


def _is_rejected(rows: pa.Table) -> pa.ChunkedArray:
    return pc.greater(pc.list_value_length(rows.column("rejected_by")), 0)


def _checksum(tables: Iterable[pa.Table]) -> tuple[int, int]:
    """Number of takes and sum of their hashed names; independent of the order of the takes."""
    n_rows = total = 0
    for table in tables:
        n_rows += len(table)
        total += sum(int.from_bytes(name, "big") for name in row_names(table).to_pylist())
    return n_rows, total
