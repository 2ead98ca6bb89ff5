"""Columns of all tables, and their Arrow schemas.

Schemas are declared, never inferred: if a column were empty in one part, its type would be inferred as `null`, which
does not fit the values in other parts.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import pyarrow as pa

from hierbatch.manifest.columns.column import Column, Scale
from hierbatch.manifest.columns.measures import MEASURE_COLUMNS, MEASURE_FLAGS, declare_columns

SCHEMA_VERSION = 1
"""Version of the schemas, incremented when the name, type or content of a column changes; readers reject newer ones."""

VERSION_KEY = b"hierbatch"

AUDIO = pa.struct([pa.field("bytes", pa.binary()), pa.field("path", pa.string())])
"""Audio in the format of the Hugging Face `datasets` Audio feature."""

SOURCE_REFERENCE = pa.struct([pa.field("path", pa.string()), pa.field("row", pa.int64())])
"""Reference from a plan to a recording: a path, or a row in the plan's file of embedded recordings."""

TIMING = pa.struct(
    [
        pa.field("text", pa.string()),
        pa.field("start_s", pa.float32()),
        pa.field("end_s", pa.float32()),
        pa.field("kind", pa.string()),
    ]
)

CAST = pa.list_(
    pa.struct(
        [
            pa.field("speaker", pa.string()),
            pa.field("voice", pa.string()),
            pa.field("voice_sha256", pa.string()),
            pa.field("key_semitones", pa.float32()),
            pa.field("start_s", pa.float64()),
            pa.field("end_s", pa.float64()),
        ]
    )
)
"""Speakers of a recording, with their spans and target voices.

An entry without times applies to all speech of the recording. `key_semitones` is the pitch shift from the source; if
it is empty, the target voice keeps its own pitch range.
"""

AUDIO_ROW_GROUP = 32
"""Rows per row group of tables with audio; it is small, so that reading a take reads few others."""

TEXT_ROW_GROUP = 8192
"""Rows per row group of tables without audio.

A reader needs about 1 KB of memory per column and row group, so many small row groups would take more memory than the
rows themselves.
"""


MANIFEST_COLUMNS = (
    Column("id", pa.string(), "Unique name of the row; letters, digits, `.`, `_`, `-`, at most 128 characters."),
    Column("text", pa.string(), "Text to synthesize; not needed beside `phonemes`."),
    Column("source", AUDIO, "Recording to convert; a plain path is accepted instead of the struct."),
    Column("voice", pa.string(), "A `voice` of the voices table; empty uses the default of the run."),
    Column("language", pa.string(), "`en` or `ko`; empty uses the default of the run."),
    Column("phonemes", pa.string(), "Phonemes to synthesize, instead of those of the front end."),
    Column("seed", pa.int64(), "Random seed; empty derives one from the seed of the run, id and attempt."),
    Column("speed", pa.float32(), "Speaking rate, 0.5 to 2; 1 is the usual pace of the model."),
    Column(
        "pitch_semitones", pa.float32(), "Pitch shift in semitones, -12 to 12; 0 keeps the pitch range of the prompt."
    ),
    Column("prosody", pa.float32(), "Scale of the pitch variation (spread of log F0), 0 to 2; 1 is unchanged."),
    Column("rate_hz", pa.int32(), "Output sample rate of a recording, in Hz; empty uses the default of the run."),
    Column("song", pa.string(), "Path of a score to sing, relative to the manifest: MusicXML, MIDI, a note list."),
    Column("lyrics", pa.string(), "Lyrics of a song instead of those of its score, as in `Twin-kle, twin-kle _ star`."),
    Column("transpose_semitones", pa.float32(), "Transposition of a song; empty uses the default of the run."),
    Column("vibrato_cents", pa.float32(), "Depth of the vibrato of a song, 0 to 100."),
    Column("pause_after_s", pa.float32(), "Seconds of silence after the row in a book; empty applies the pause rules."),
    Column("book", pa.string(), "Title of the book."),
    Column("chapter", pa.int32(), "Number of the chapter, from 1."),
    Column("chapter_title", pa.string(), "Title of the chapter."),
    Column("sentence_index", pa.int32(), "Position of the row in its chapter, from 1."),
    Column("kind", pa.string(), "`heading` or `paragraph`: the block that contains the sentence."),
    Column("source_ref", pa.string(), "Location of the sentence in its book, `href#fragment`."),
)

VOICE_COLUMNS = (
    Column("voice", pa.string(), "Unique name of the voice; same characters as an `id`."),
    Column("audio", AUDIO, "Prompt of 3 to 15 s, or a voice file; a plain path is accepted instead of the struct."),
    Column("language", pa.string(), "Language of the prompt."),
    Column("speaker", pa.string(), "Speaker, if several voices belong to one person; empty means the voice name."),
    Column("consent", pa.string(), "`self`, `licensed`, `public_domain`, `synthetic` or `unknown`."),
    Column("consent_ref", pa.string(), "Reference to the written consent."),
    Column("license", pa.string(), "License of the recording."),
    Column("notes", pa.string(), "Free text."),
)

PLAN_COLUMNS = (
    Column("position", pa.int64(), "Position of the row in its manifest, from 0."),
    Column("unit", pa.int32(), "Number of the work unit of the row."),
    Column("attempt", pa.int16(), "Number of the attempt, from 1."),
    Column("attempts_made", pa.int16(), "Attempts made before compaction kept one of them; empty if none."),
    Column("take_key", pa.string(), "Hash of everything that determines the audio."),
    Column("own_seed", pa.int64(), "Seed of the row in the manifest; empty if it has none."),
    Column("text_norm", pa.string(), "Normalized text: numbers and signs are spelled out."),
    Column("expected_duration_s", pa.float32(), "Usual duration of the phonemes, or duration of the source."),
    Column("error_kind", pa.string(), "Kind of the error of a rejected row; empty otherwise."),
    Column("error", pa.string(), "Message of the error."),
)

DEFECT_FLAGS = ("silent", "clipped", "too_long", "too_short", "long_silence")
"""Flags of defects of the audio."""

FLAGS = (*DEFECT_FLAGS, *MEASURE_FLAGS)
"""Quality flags that call for a reviewer to check the take; a take with another seed may not have them."""

SOURCE_FLAGS = ("source_clipped", "opposite_channels")
"""Flags of the source recording of a take."""

TEXT_FLAGS = ("foreign_words",)
"""Flags of the text of a take; `foreign_words`: words in an unsupported script were transliterated or left out."""

TAKE_COLUMNS = (
    Column("id", pa.string(), "Id of the row in the manifest."),
    Column("take_key", pa.string(), "Hash of everything that determines the audio: equal keys mean equal audio."),
    Column("attempt", pa.int16(), "Number of the attempt, from 1."),
    Column("status", pa.string(), "`ok` or `failed`."),
    Column("error_kind", pa.string(), "Kind of the error of a failed row: text, prompt, synthesis, crash, ..."),
    Column("error", pa.string(), "Message of the error."),
    Column("text_norm", pa.string(), "Normalized text: numbers and signs are spelled out."),
    Column("phonemes", pa.string(), "Phonemes that were synthesized, in the shared phoneme set."),
    Column("language", pa.string(), "Language of the row."),
    Column("voice", pa.string(), "Voice of the row."),
    Column("seed", pa.int64(), "Random seed of the take."),
    Column("sample_rate_hz", pa.int32(), "Sample rate in Hz."),
    Column("n_samples", pa.int64(), "Length in samples."),
    Column(
        "duration_s",
        pa.float64(),
        "Length in seconds.",
        Scale(title="Duration", short="length", unit="s", low=0, high=60),
    ),
    Column("timings", pa.list_(TIMING), "Start and end of every word and pause, from the durations of the model."),
    Column(
        "word_distances",
        pa.list_(pa.float32()),
        "`semantic_distance` of each word of `timings`; empty without the measure `semantic`.",
    ),
    Column(
        "loudness_lufs",
        pa.float32(),
        "Integrated loudness (ITU-R BS.1770); empty for silence or under 0.4 s.",
        Scale(title="Loudness", short="loudness", unit="LUFS", low=-60, high=0),
    ),
    Column("rms_db", pa.float32(), "RMS level of the whole take, in dBFS."),
    Column(
        "peak_db",
        pa.float32(),
        "Peak level, in dBFS.",
        Scale(title="Peak", short="peak", unit="dBFS", low=-60, high=0),
    ),
    Column("silence_ratio", pa.float32(), "Share of 20 ms frames more than 40 dB below the loudest one, 0 to 1."),
    Column("longest_silence_s", pa.float32(), "Longest silence inside the take, without its edges."),
    Column("clipped_samples", pa.int32(), "Number of samples at full scale."),
    Column("expected_duration_s", pa.float32(), "Usual duration of the phonemes, or duration of the source."),
    Column(
        "duration_ratio",
        pa.float32(),
        "`duration_s` over `expected_duration_s`.",
        Scale(title="Duration over expected", short="ratio", low=0, high=6, n_decimals=2),
    ),
    Column(
        "f0_median_hz",
        pa.float32(),
        "Median F0 of voiced frames.",
        Scale(title="Median F0", short="F0", unit="Hz", low=40, high=640, n_decimals=0),
    ),
    Column(
        "f0_std_semitones",
        pa.float32(),
        "Standard deviation of F0 over voiced frames.",
        Scale(title="F0 spread", short="F0 spread", unit="semitones", low=0, high=12),
    ),
    Column(
        "snr_db",
        pa.float32(),
        "Speech level above the noise floor; empty if no passage is quiet enough to measure.",
        Scale(title="Speech over noise floor", short="SNR", unit="dB", low=0, high=100),
    ),
    *MEASURE_COLUMNS,
    Column("flags", pa.list_(pa.string()), f"Quality flags: {', '.join((*FLAGS, *SOURCE_FLAGS, *TEXT_FLAGS))}."),
    Column("model", pa.string(), "Name and fingerprint of the model."),
    Column("settings_json", pa.string(), "Other settings of the take, as canonical JSON."),
    Column("voice_sha256", pa.string(), "Hash of the voice prompt."),
    Column("consent", pa.string(), "Consent of the speaker, from the voices table."),
    Column("synthetic", pa.bool_(), "Always true: the audio is machine-generated."),
    Column("hierbatch_version", pa.string(), "Version of hierbatch that made the take."),
    Column("device", pa.string(), "Device and precision of the model."),
    Column("rtf", pa.float32(), "Real-time factor: processing time over audio duration, of the batch of the row."),
    Column("finished_at", pa.timestamp("us", tz="UTC"), "Time at which the take was finished."),
    Column("audio", AUDIO, "Audio: 16-bit FLAC; empty for failed rows."),
)

SOURCE_COLUMNS = (Column("source_sha256", pa.string(), "SHA-256 of the source recording at planning time."),)
"""Additional plan columns of rows with recordings."""

TEXT_COLUMNS = (
    Column("foreign_words", pa.string(), "Words of an unsupported script, transliterated or left out; else empty."),
)
"""Additional plan columns of rows with texts."""

DUB_COLUMNS = (Column("cast", CAST, "Speakers of a recording to dub, with spans and target voices."),)
"""Columns that only `hierbatch dub` writes; they are not in users' tables, since CSV has no lists."""

SONG_COLUMNS = (Column("song_json", pa.string(), "Phrases, syllables and notes of a song."),)
"""Additional plan columns of rows with songs."""

SPEAK_COLUMNS = ("id", "voice", "language", "phonemes", "seed", "speed", "pitch_semitones", "prosody")
"""Manifest columns that every row of a speech synthesis plan has."""

_MANIFEST_NAMES = frozenset(column.name for column in MANIFEST_COLUMNS)
_PLAN_NAMES = frozenset(column.name for column in (*PLAN_COLUMNS, *SOURCE_COLUMNS, *TEXT_COLUMNS, *SONG_COLUMNS))

TAKE_COLUMN_NAMES = frozenset(column.name for column in TAKE_COLUMNS)
"""Names of the columns of a take; all other columns of a table of takes are copied from the manifest."""

RESERVED_NAMES = (TAKE_COLUMN_NAMES | _PLAN_NAMES) - _MANIFEST_NAMES
"""Names that extra columns of a manifest must not have, since columns of plans or takes have them."""


def arrow_schema(columns: Iterable[Column], name: str) -> pa.Schema:
    """Schema with the name of the table and the schema version in its metadata.

    If there is a column `audio`, the metadata also declares it as an Audio feature of Hugging Face `datasets`.
    """
    fields = [pa.field(column.name, column.type) for column in columns]
    metadata = {VERSION_KEY: json.dumps({"table": name, "version": SCHEMA_VERSION}).encode()}
    if any(field.name == "audio" for field in fields):
        metadata[b"huggingface"] = json.dumps({"info": {"features": {"audio": {"_type": "Audio"}}}}).encode()
    return pa.schema(fields, metadata=metadata)


MANIFEST_SCHEMA = arrow_schema(MANIFEST_COLUMNS, "manifest")
VOICE_SCHEMA = arrow_schema(VOICE_COLUMNS, "voices")


def passthrough_columns(fields: Iterable[pa.Field]) -> list[Column]:
    """Manifest columns copied to the takes: all but the audio and those that plans or takes have themselves."""
    known = {column.name: column for column in MANIFEST_COLUMNS}
    excluded = TAKE_COLUMN_NAMES | _PLAN_NAMES | {"source"}
    return [
        known.get(field.name) or Column(field.name, field.type, "Column of the manifest.")
        for field in fields
        if field.name not in excluded
    ]


def plan_schema(manifest: pa.Schema, required_columns: Collection[str] = SPEAK_COLUMNS) -> pa.Schema:
    """Schema of a plan: the columns that workers need, and the columns that are copied to the takes.

    Args:
        manifest: schema of the manifest.
        required_columns: manifest columns that every plan row has, even if the manifest lacks them.
    """
    passed = [column for column in passthrough_columns(manifest) if column.name not in required_columns]
    own = [
        *PLAN_COLUMNS,
        *(SOURCE_COLUMNS if "source" in required_columns else ()),
        *(TEXT_COLUMNS if "phonemes" in required_columns else ()),
    ]
    from_manifest = [c for c in (*MANIFEST_COLUMNS, *DUB_COLUMNS, *SONG_COLUMNS) if c.name in required_columns]
    references = [
        replace(column, type=SOURCE_REFERENCE) if column.name == "source" else column for column in from_manifest
    ]
    return arrow_schema([*own, *references, *passed], "plan")


def take_schema(plan: pa.Schema, added: Sequence[Column] = ()) -> pa.Schema:
    """Schema of the parts of a run: take columns, columns copied from the manifest, added measures, and audio last.

    Args:
        plan: schema of the plan.
        added: columns of measures that are not built in.
    """
    schema = arrow_schema([*TAKE_COLUMNS[:-1], *passthrough_columns(plan), TAKE_COLUMNS[-1]], "takes")
    return declare_columns(schema, added)
