"""The columns of every table, one by one, and the Arrow schemas made of them.

Schemas are written out, never inferred: a column that is empty in one part would otherwise be inferred as `null` and
break the reader of the next.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import pyarrow as pa

SCHEMA_VERSION = 1
"""Rises when a column changes its name, type or meaning; a reader refuses what is newer than itself."""

VERSION_KEY = b"hierbatch"

AUDIO = pa.struct([pa.field("bytes", pa.binary()), pa.field("path", pa.string())])
"""Sound as Hugging Face `datasets` stores its Audio feature."""

SOURCE_PLACE = pa.struct([pa.field("path", pa.string()), pa.field("row", pa.int64())])
"""Where a plan's recording lies: in a file, or, where it lay in the manifest itself, in a row of the plan's sources."""

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
"""Who speaks when in a recording, and whose voice takes the place: without times, wherever anybody speaks; without a
key, in the voice's own range, else so many semitones from the source."""

AUDIO_ROW_GROUP = 32
"""Rows in a row group of a table with sound: one take is read without its thousand neighbours."""

TEXT_ROW_GROUP = 8192
"""The same of a table without sound. A reader holds about a kilobyte for every column of every row group, so that a
table of many small ones takes more memory than its rows."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, Arrow type, and meaning in a sentence."""

    name: str
    type: pa.DataType
    meaning: str


MANIFEST_COLUMNS = (
    Column("id", pa.string(), "Name of the row, unique; letters, digits, `.`, `_`, `-`, 128 at most."),
    Column("text", pa.string(), "What to speak; not needed where `phonemes` is given."),
    Column("source", AUDIO, "A recording to convert; a path in place of the struct is fine."),
    Column("voice", pa.string(), "A `voice` of the voices table; empty takes the run's default."),
    Column("lang", pa.string(), "`en` or `ko`; empty takes the run's default."),
    Column("phonemes", pa.string(), "Phonemes to speak as they stand, in place of the front end's."),
    Column("seed", pa.int64(), "Seed of the row's noise; empty derives one from the run's seed, id and attempt."),
    Column("speed", pa.float32(), "Speaking rate, 0.5 to 2; 1 is the model's own."),
    Column("pitch_semitones", pa.float32(), "Shift of the pitch, -12 to 12; 0 stays in the prompt's own range."),
    Column(
        "prosody", pa.float32(), "How far the melody moves, 0 to 2: a factor on the spread of log F0, 1 the model's."
    ),
    Column("rate_hz", pa.int32(), "Sampling rate of what is made of a recording; empty takes the run's."),
    Column("pause_after_s", pa.float32(), "Silence after the row in a book; empty takes the rule for its place."),
    Column("book", pa.string(), "Title of the book."),
    Column("chapter", pa.int32(), "Number of the chapter, from 1."),
    Column("chapter_title", pa.string(), "Title of the chapter."),
    Column("seq", pa.int32(), "Place of the row inside its chapter."),
    Column("kind", pa.string(), "`heading` or `paragraph`: what the sentence stands in."),
    Column("source_ref", pa.string(), "Where the sentence stands in its book, `href#fragment`."),
)

VOICE_COLUMNS = (
    Column("voice", pa.string(), "Name of the voice, unique; the same letters as an `id`."),
    Column("audio", AUDIO, "Three to fifteen seconds of the voice; a path in place of the struct is fine."),
    Column("lang", pa.string(), "Language spoken in the prompt."),
    Column("speaker", pa.string(), "Who is heard, where several voices are one person; empty is the voice itself."),
    Column("consent", pa.string(), "`self`, `licensed`, `public_domain`, `synthetic` or `unknown`."),
    Column("consent_ref", pa.string(), "Where the consent is written down."),
    Column("license", pa.string(), "Licence of the recording."),
    Column("notes", pa.string(), "Anything else."),
)

PLAN_COLUMNS = (
    Column("position", pa.int64(), "Place of the row in its manifest, from 0."),
    Column("unit", pa.int32(), "The unit the row is worked in."),
    Column("attempt", pa.int16(), "1 for a first take; a retry adds one."),
    Column("attempts_made", pa.int16(), "Attempts at the row before a compaction kept one of them; empty if none did."),
    Column("take_key", pa.string(), "Hash of everything the sound depends on."),
    Column("own_seed", pa.int64(), "The seed that the manifest gives the row; empty where it gives none."),
    Column("text_norm", pa.string(), "The text as it is spoken: numbers and signs written out."),
    Column("expected_duration_s", pa.float32(), "How long such a phoneme string usually takes."),
    Column("error_kind", pa.string(), "Why the row cannot be spoken; empty where it can."),
    Column("error", pa.string(), "The same, in words."),
)

TAKE_COLUMNS = (
    Column("id", pa.string(), "The manifest's id."),
    Column("take_key", pa.string(), "Hash of everything the sound depends on: equal keys, equal sound."),
    Column("attempt", pa.int16(), "1 for a first take; a retry adds one."),
    Column("status", pa.string(), "`ok` or `failed`."),
    Column("error_kind", pa.string(), "Why a row failed, in one word: text, prompt, synthesis, crash, ..."),
    Column("error", pa.string(), "The same, in words."),
    Column("text_norm", pa.string(), "The text as it was spoken: numbers and signs written out."),
    Column("phonemes", pa.string(), "What the model spoke, in the shared phoneme table."),
    Column("lang", pa.string(), "Language of the row."),
    Column("voice", pa.string(), "Voice of the row."),
    Column("seed", pa.int64(), "Seed of the row's noise."),
    Column("sample_rate_hz", pa.int32(), "Samples a second."),
    Column("n_samples", pa.int64(), "Length in samples."),
    Column("duration_s", pa.float64(), "Length in seconds."),
    Column("timings", pa.list_(TIMING), "Start and end of every word and pause, from the model's own durations."),
    Column("loudness_lufs", pa.float32(), "Integrated loudness (ITU-R BS.1770); empty under 0.4 s or in silence."),
    Column("rms_db", pa.float32(), "Root mean square of the whole take, dB of full scale."),
    Column("peak_db", pa.float32(), "Highest sample, dB of full scale."),
    Column("silence_ratio", pa.float32(), "Share of 20 ms frames more than 40 dB under the loudest."),
    Column("longest_silence_s", pa.float32(), "Longest silence between the first and the last sound."),
    Column("clipped_samples", pa.int32(), "Samples at full scale."),
    Column("expected_duration_s", pa.float32(), "How long such a phoneme string usually takes."),
    Column("duration_ratio", pa.float32(), "`duration_s` over `expected_duration_s`."),
    Column("f0_median_hz", pa.float32(), "Median pitch of the voiced part."),
    Column("f0_std_semitones", pa.float32(), "Spread of the pitch."),
    Column(
        "snr_db", pa.float32(), "Level of speech over the noise floor; empty where nothing is quiet enough to tell."
    ),
    Column(
        "semantic_dist",
        pa.float32(),
        "Cosine distance of the content vectors heard in the take from those it was spoken by; where asked for.",
    ),
    Column("speaker_similarity", pa.float32(), "Cosine of take and prompt by a speaker network; where asked for."),
    Column("heard_text", pa.string(), "What a recogniser heard; where asked for."),
    Column("character_error", pa.float32(), "Errors a letter of `heard_text` against `text_norm`."),
    Column(
        "flags",
        pa.list_(pa.string()),
        "What looks wrong: silent, clipped, too_long, too_short, long_silence, off_text, off_voice, misheard.",
    ),
    Column("model", pa.string(), "Name and fingerprint of the model."),
    Column("params", pa.string(), "Canonical JSON of what else the sound was asked with."),
    Column("voice_sha256", pa.string(), "Hash of the voice prompt."),
    Column("consent", pa.string(), "Consent of the voice, from the voices table."),
    Column("synthetic", pa.bool_(), "Always true: a machine made this sound."),
    Column("hierbatch_version", pa.string(), "Version that made the take."),
    Column("device", pa.string(), "Where the model ran."),
    Column("rtf", pa.float32(), "Seconds of work a second of sound, in the batch the row was spoken in."),
    Column("finished_at", pa.timestamp("us", tz="UTC"), "When the take was done."),
    Column("audio", AUDIO, "The sound: FLAC, 16 bit. Empty where the row failed."),
)

SOURCE_COLUMNS = (Column("source_sha256", pa.string(), "Hash of the recording's file, as it was when planned."),)
"""Columns of a plan beside those of `PLAN_COLUMNS` where rows have recordings."""

DUB_COLUMNS = (Column("cast", CAST, "Who speaks when in a recording to dub, and in whose voice."),)
"""Columns that `hierbatch dub` writes; no table that people write has them, since CSV holds no lists."""

SPOKEN = ("id", "voice", "lang", "phonemes", "seed", "speed", "pitch_semitones", "prosody")
"""Manifest columns that a plan of texts fills in for every row."""

_MANIFEST_NAMES = frozenset(column.name for column in MANIFEST_COLUMNS)
_PLAN_NAMES = frozenset(column.name for column in (*PLAN_COLUMNS, *SOURCE_COLUMNS))

TAKE_NAMES = frozenset(column.name for column in TAKE_COLUMNS)
"""What a take says itself; every other column passes through from the manifest."""

RESERVED_NAMES = (TAKE_NAMES | _PLAN_NAMES) - _MANIFEST_NAMES
"""Names that a manifest's own extra columns may not take: they are this product's answers."""


def arrow_schema(columns: Iterable[Column], name: str) -> pa.Schema:
    """Schema of a table, marked with its name and version and, where it holds `audio`, as a Hugging Face dataset."""
    fields = [pa.field(column.name, column.type) for column in columns]
    metadata = {VERSION_KEY: json.dumps({"table": name, "version": SCHEMA_VERSION}).encode()}
    if any(field.name == "audio" for field in fields):
        metadata[b"huggingface"] = json.dumps({"info": {"features": {"audio": {"_type": "Audio"}}}}).encode()
    return pa.schema(fields, metadata=metadata)


MANIFEST_SCHEMA = arrow_schema(MANIFEST_COLUMNS, "manifest")
VOICE_SCHEMA = arrow_schema(VOICE_COLUMNS, "voices")


def passed_through(fields: Iterable[pa.Field]) -> list[Column]:
    """Columns of a manifest that go on to the takes as they are: all but the sound and what a take says itself."""
    known = {column.name: column for column in MANIFEST_COLUMNS}
    taken = TAKE_NAMES | _PLAN_NAMES | {"source"}
    return [
        known.get(field.name) or Column(field.name, field.type, "The manifest's own.")
        for field in fields
        if field.name not in taken
    ]


def plan_schema(manifest: pa.Schema, settled: Collection[str] = SPOKEN) -> pa.Schema:
    """Schema of a run's plan: what a worker needs of each row, and what passes through.

    `settled` are the manifest columns that every row of the plan has, whether the manifest has them or not.
    """
    passed = [column for column in passed_through(manifest) if column.name not in settled]
    own = [*PLAN_COLUMNS, *(SOURCE_COLUMNS if "source" in settled else ())]
    given = [c for c in (*MANIFEST_COLUMNS, *DUB_COLUMNS) if c.name in settled]
    placed = [replace(column, type=SOURCE_PLACE) if column.name == "source" else column for column in given]
    return arrow_schema([*own, *placed, *passed], "plan")


def take_schema(plan: pa.Schema) -> pa.Schema:
    """Schema of a run's parts: the take, what passed through, and the sound last."""
    return arrow_schema([*TAKE_COLUMNS[:-1], *passed_through(plan), TAKE_COLUMNS[-1]], "takes")
