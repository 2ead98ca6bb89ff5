"""A finished run folder of a small corpus, as the engine and `hierbatch corpus` leave it, with sound made by code."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.audio.files import encode_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS, arrow_schema, plan_schema, take_schema
from hierbatch.manifest.corpora.corpus_rows import CORPUS_COLUMNS, write_corpus_rows
from hierbatch.manifest.takes.filters import DEFAULT_FILTER
from hierbatch.stages.voices import VOICE_TABLE_SCHEMA

PLAN = plan_schema(arrow_schema([*MANIFEST_COLUMNS, *CORPUS_COLUMNS], "manifest"), ("id", "voice", "language", "seed"))
TAKES = take_schema(PLAN)
RATE_HZ = 16_000
SPEAKERS = {"ann": "train", "bob": "train", "cho": "dev", "dee": "test"}


def samples(number):
    """A tone of its own length and pitch, in 16 bit."""
    n_samples = 4000 + 160 * (number % 7)
    tone = 0.3 * np.sin(2 * np.pi * (100 + 10 * number) * np.arange(n_samples) / RATE_HZ)
    return np.round(tone * 32767).astype(np.int16)


def corpus_row(number, **changes):
    speaker = list(SPEAKERS)[number % 4]
    sound = samples(number)
    row = {
        "id": f"en-{number:06d}",
        "take_key": f"{number:032x}",
        "attempt": 1,
        "status": "ok",
        "text": f"Sentence | number {number},\nsaid “once”.",
        "text_norm": f"sentence number {number} said once",
        "phonemes": "h ə .",
        "language": ("en", "ko")[number % 2],
        "voice": f"{speaker}-1",
        "speaker": speaker,
        "split": SPEAKERS[speaker],
        "text_license": "CC0",
        "seed": 2**62 + number,
        "sample_rate_hz": RATE_HZ,
        "n_samples": len(sound),
        "duration_s": len(sound) / RATE_HZ,
        "timings": [
            {"text": "sentence", "start_s": 0.02, "end_s": 0.12, "kind": "word"},
            {"text": ",", "start_s": 0.12, "end_s": 0.2, "kind": "pause"},
        ],
        "speed": 1.0,
        "pitch_semitones": 0.5,
        "prosody": 1.1,
        "snr_db": 30.0,
        "flags": [],
        "model": "fake:1",
        "settings_json": "{}",
        "consent": "licensed",
        "synthetic": True,
        "hierbatch_version": "0.1.0",
        "device": "cpu",
        "finished_at": datetime(2026, 1, 1, tzinfo=UTC),
        "audio": {"bytes": encode_sound(Waveform(sound / np.float32(32768), RATE_HZ)), "path": "x.flac"},
    }
    return row | changes


def write_corpus_run(folder, rows, n_parts=2):
    """The run's plan, voices and parts; rows are dealt over the parts."""
    (folder / "plan").mkdir(parents=True)
    (folder / "parts").mkdir()
    planned = [row | {"position": position, "unit": 0} for position, row in enumerate(rows)]
    pq.write_table(_table(planned, PLAN), folder / "plan" / "g0001.parquet")
    voices = [
        {"voice": name, "consent": "licensed", "consent_ref": "contract 7", "license": "CC BY 4.0"}
        for name in sorted({row["voice"] for row in rows})
    ]
    pq.write_table(pa.Table.from_pylist(voices, schema=VOICE_TABLE_SCHEMA), folder / "plan" / "g0001-voices.parquet")
    for part in range(n_parts):
        path = folder / "parts" / f"g0001-u{part:06d}.parquet"
        pq.write_table(_table(rows[part::n_parts], TAKES), path, row_group_size=4)
    return folder


def sift(folder, filter_toml=DEFAULT_FILTER):
    """Judge the run's rows, as `hierbatch corpus` does at its end."""
    (folder / "corpus").mkdir()
    (folder / "corpus" / "filter.toml").write_text(filter_toml)
    write_corpus_rows(folder)


def _table(rows, schema):
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)
