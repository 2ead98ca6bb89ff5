"""Columns of rows that are cut from recordings, including the measures of takes, and the default filter rules."""

from __future__ import annotations

import pyarrow as pa

from hierbatch.manifest.columns.column import Column, Scale
from hierbatch.manifest.columns.schema import AUDIO, TAKE_COLUMNS, arrow_schema
from hierbatch.manifest.corpora.corpus_rows import REJECTED_BY

_MEASURE_NAMES = (
    "status", "sample_rate_hz", "n_samples", "duration_s", "loudness_lufs", "rms_db", "peak_db", "silence_ratio",
    "longest_silence_s", "clipped_samples", "f0_median_hz", "f0_std_semitones", "snr_db", "asr_text", "cer", "flags",
)  # fmt: skip
_TAKES = {column.name: column for column in TAKE_COLUMNS}

INTAKE_COLUMNS = (
    Column("id", pa.string(), "Name of the recording and number of the row in it."),
    Column("speaker", pa.string(), "Speaker: that of the segments table, or else of the data set."),
    Column("language", pa.string(), "Language of the row."),
    Column("text", pa.string(), "Transcript of the data set, or else of the recognizer; empty if there is none."),
    Column("recording", pa.string(), "Path of the recording, or its id if it was inside a table."),
    Column("start_s", pa.float64(), "Start of the row in the recording, in seconds."),
    Column("end_s", pa.float64(), "End of the row in the recording, in seconds."),
    *(_TAKES[name] for name in _MEASURE_NAMES),
    Column(
        "bandwidth_hz",
        pa.float32(),
        "Frequency above which the row has no content, at most half of its sample rate.",
        Scale(title="Bandwidth", short="bandwidth", unit="Hz", low=0, high=24_000, n_decimals=0),
    ),
    REJECTED_BY,
    Column("audio", AUDIO, "The row as FLAC, at the rate of the recording."),
)
"""Columns of the table that `hierbatch intake` writes."""

INTAKE_SCHEMA = arrow_schema(INTAKE_COLUMNS, "intake")

DEFAULT_RULES = """\
[[rule]]
name = "noisy"
column = "snr_db"
min = 15

[[rule]]
name = "narrow"
column = "bandwidth_hz"
min = 6000

[[rule]]
name = "flagged"
column = "flags"
none_of = ["silent", "clipped", "long_silence", "misheard"]
"""
"""Rules of `hierbatch intake` without a filter file."""
