import json
from dataclasses import fields
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from hierbatch.manifest.columns.measures import MEASURES
from hierbatch.manifest.columns.rows import EncodedAudio, PlannedUtterance, Take, Timing, take_rows
from hierbatch.manifest.columns.schema import (
    AUDIO,
    MANIFEST_COLUMNS,
    MANIFEST_SCHEMA,
    TAKE_COLUMNS,
    VOICE_SCHEMA,
    arrow_schema,
    plan_schema,
    take_schema,
)

TAKE = Take(
    id="a",
    take_key="0" * 32,
    attempt=1,
    status="ok",
    text_norm="hi",
    phonemes="h aɪ .",
    language="en",
    voice="v",
    seed=1,
    timings=(Timing("hi", 0.0, 0.2, "word"),),
    expected_duration_s=0.2,
    flags=("silent",),
    model="m",
    settings_json="{}",
    voice_sha256="f" * 64,
    consent="self",
    hierbatch_version="0",
    device="cpu",
    finished_at=datetime(2026, 1, 2, tzinfo=UTC),
    audio=EncodedAudio(b"fLaC", "a.flac"),
)


def test_the_fields_of_a_take_are_the_columns_of_its_table_but_for_what_is_scored_later():
    scored = {column.name for measure in MEASURES if measure.scorer for column in measure.columns}
    assert [field.name for field in fields(Take)] == [c.name for c in TAKE_COLUMNS if c.name not in scored]


def test_a_take_survives_arrow():
    table = pa.Table.from_pylist(take_rows([TAKE]), schema=arrow_schema(TAKE_COLUMNS, "takes"))
    (row,) = table.to_pylist()
    assert row["timings"] == [{"text": "hi", "start_s": 0.0, "end_s": pytest.approx(0.2), "kind": "word"}]
    assert row["audio"] == {"bytes": b"fLaC", "path": "a.flac"}
    assert (row["finished_at"], row["flags"], row["rtf"]) == (TAKE.finished_at, ["silent"], None)


def test_a_plan_holds_what_an_utterance_needs():
    names = set(plan_schema(pa.schema([("id", pa.string()), ("text", pa.string())])).names)
    assert {field.name for field in fields(PlannedUtterance)} <= names


def test_a_manifests_own_columns_reach_the_takes_and_sound_stays_last():
    manifest = pa.schema([("id", pa.string()), ("mood", pa.int8()), ("source", AUDIO), ("chapter", pa.int32())])
    takes = take_schema(plan_schema(manifest))
    assert takes.field("mood").type == pa.int8()
    assert {"chapter", "speed"} <= set(takes.names)
    assert not {"source", "unit", "position"} & set(takes.names)
    assert len(set(takes.names)) == len(takes.names)
    assert takes.names[-1] == "audio"


def test_tables_with_sound_report_it_to_hugging_face_datasets():
    for schema in (take_schema(plan_schema(MANIFEST_SCHEMA)), VOICE_SCHEMA):
        features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
        assert features == {"audio": {"_type": "Audio"}}
        # What datasets.Audio().pa_type is; it takes the feature only where the field is equal to this.
        assert schema.field("audio") == pa.field("audio", pa.struct({"bytes": pa.binary(), "path": pa.string()}))


def test_hugging_face_datasets_opens_takes(tmp_path):
    datasets = pytest.importorskip("datasets", reason="Hugging Face datasets is not installed")
    import pyarrow.parquet as pq

    schema = arrow_schema(TAKE_COLUMNS, "takes")
    pq.write_table(pa.Table.from_pylist(take_rows([TAKE]), schema=schema), tmp_path / "t.parquet")
    features = datasets.Features.from_arrow_schema(pq.read_schema(tmp_path / "t.parquet"))
    assert isinstance(features["audio"], datasets.Audio)


def test_every_column_is_explained_in_a_sentence():
    for column in (*MANIFEST_COLUMNS, *TAKE_COLUMNS):
        assert column.description.endswith("."), column.name
