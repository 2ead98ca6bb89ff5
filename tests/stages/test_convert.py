"""With the packaged model: a recording is converted the same alone and among others, and one that fails fails alone."""

import io

import numpy as np
import pyarrow as pa
import pytest
import soundfile

from hierbatch.audio.files import read_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.specs.voices import list_voices, prepare_voices, write_voice_table
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.models.weights.bundle import find_bundle
from hierbatch.stages import convert as stage
from hierbatch.stages.batching import BatchLimits
from hierbatch.stages.convert import Convert
from hierbatch.stages.voices import VoiceStore
from tests.engine.fake_model import FakeModel, Fault, write_fake_bundle
from tests.loading import ROOT
from tests.models.among_others import SAME_DB, snr_db
from tests.stages.planning import plan

CPU = DevicePlacement()

VOICES = ROOT / "manifests" / "voices"
LENGTHS_S = (2.3, 0.7, 3.9, 1.1, 1.8)


def recordings(faults=None):
    spoken = read_sound(VOICES / "low.flac")
    cuts = [Waveform(spoken.samples[: int(s * spoken.rate_hz)], spoken.rate_hz) for s in LENGTHS_S]
    return planned([wav(cut) for cut in cuts], [cut.duration_s for cut in cuts], faults)


def planned(sounds, durations_s, faults=None):
    rows = plan(len(sounds), faults, voice=["narrator"] * len(sounds), expected_duration_s=durations_s)
    type_ = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    source = pa.array([{"bytes": sound, "path": None} for sound in sounds], type_)
    for name, column in (
        ("source", source),
        ("source_sha256", pa.nulls(len(sounds), pa.string())),
        ("rate_hz", pa.nulls(len(sounds), pa.int64())),
    ):
        rows = rows.append_column(name, column)
    return rows


def wav(sound):
    file = io.BytesIO()
    soundfile.write(file, sound.samples, sound.rate_hz, format="WAV", subtype="FLOAT")
    return file.getvalue()


def shelf_of(folder, model):
    voices = list_voices(VoiceChoice(voice=VOICES / "narrator.flac"))
    write_voice_table(prepare_voices(voices, model.encode_voice, allow_unknown=False), folder / "voices.parquet")
    return VoiceStore(folder / "voices.parquet", model.encode_voice)


def sounds(takes):
    return [soundfile.read(io.BytesIO(audio["bytes"]))[0] for audio in takes.column("audio").to_pylist()]


@pytest.fixture(scope="module")
def lite():
    return LitePipeline.load("lite")


def test_a_recording_is_converted_the_same_alone_and_together(tmp_path, lite, monkeypatch):
    n_together, convert_all = [], lite.convert_all
    monkeypatch.setattr(lite, "convert_all", lambda pieces: n_together.append(len(pieces)) or convert_all(pieces))
    store, rows = shelf_of(tmp_path, lite), recordings()
    alone = sounds(Convert(lite, store, placement=CPU, limits=BatchLimits(n_rows=1))(rows))
    assert n_together == [1] * 5
    together = sounds(Convert(lite, store, placement=CPU, limits=BatchLimits(n_rows=8))(rows))
    assert n_together[5:] == [5]
    for one, other, seconds in zip(alone, together, LENGTHS_S, strict=True):
        assert len(one) == int(seconds * 16_000)
        assert snr_db(one, other) > SAME_DB


@pytest.fixture
def fake(tmp_path):
    return FakeModel(find_bundle(write_fake_bundle(tmp_path / "bundle")), DevicePlacement())


def test_one_that_fails_among_others_fails_alone(tmp_path, fake):
    store = shelf_of(tmp_path, fake)
    rows = recordings({1: Fault.RAISE, 3: Fault.NAN})
    takes = Convert(fake, store, placement=CPU)(rows).to_pylist()
    assert [take["error_kind"] for take in takes] == [None, "exception", None, "synthesis", None]
    assert [take["id"] for take in takes] == [f"r{i}" for i in range(5)]


def test_a_file_that_is_not_a_sound_fails_alone_in_its_batch(tmp_path, fake, monkeypatch):
    n_together, convert_all = [], fake.convert_all
    monkeypatch.setattr(fake, "convert_all", lambda pieces: n_together.append(len(pieces)) or convert_all(pieces))
    good = wav(Waveform(np.sin(np.arange(8000)).astype(np.float32), 16_000))
    takes = Convert(fake, shelf_of(tmp_path, fake), placement=CPU)(planned([good, b"noise", good], [0.5] * 3))
    assert takes.column("error_kind").to_pylist() == [None, "source", None]
    assert n_together == [2]


def test_a_long_recording_is_decoded_when_it_is_its_turn(tmp_path, fake, monkeypatch):
    """Of several long recordings one is in memory, whatever their headers say; short ones are decoded beforehand."""
    monkeypatch.setattr("hierbatch.stages.convert._LONG_S", 1.0)
    events, read, stream, convert_all = [], stage.read_source, stage.stream_source, fake.convert_all
    monkeypatch.setattr(stage, "read_source", lambda *of: events.append("decoded") or read(*of))
    monkeypatch.setattr(stage, "stream_source", lambda *of: events.append("decoded") or stream(*of))
    monkeypatch.setattr(fake, "convert_all", lambda pieces: events.append(f"{len(pieces)} made") or convert_all(pieces))
    short, long = (wav(Waveform(np.sin(np.arange(n)).astype(np.float32), 16_000)) for n in (8000, 32_000))
    rows = planned([long, short, long, short, long], [2.0, 0.5, 2.0, 0.5, 0.0])  # the length of the last is unknown
    takes = Convert(fake, shelf_of(tmp_path, fake), placement=CPU)(rows).to_pylist()
    assert [take["n_samples"] for take in takes] == [32_000, 8000, 32_000, 8000, 32_000]
    assert events[:3] == ["decoded"] * 3  # both short ones, and the one of unknown length
    events.remove("2 made")
    assert events[3:] == ["decoded", "1 made"] * 3


@pytest.mark.parametrize(
    ("rate_hz", "output_hz", "gain"), [(16_000, None, 0.3), (44_100, None, 3.0), (48_000, 24_000, 0.3)]
)
def test_a_recording_in_blocks_is_converted_as_one_in_memory(tmp_path, fake, monkeypatch, rate_hz, output_hz, gain):
    """To one 16-bit step, with its exact length, for any rate and for peaks that have to be attenuated."""
    time_s = np.arange(int(26.05 * rate_hz)) / rate_hz
    loud = np.clip(gain * np.sin(2 * np.pi * 150 * time_s) * (time_s % 1.5 < 1.0), -1, 1)
    rows = planned([wav(Waveform(loud.astype(np.float32), rate_hz))], [26.05])
    rows = rows.set_column(rows.schema.get_field_index("rate_hz"), "rate_hz", pa.array([output_hz], pa.int64()))
    convert = Convert(fake, shelf_of(tmp_path, fake), placement=CPU)
    whole = convert(rows)
    monkeypatch.setattr("hierbatch.stages.convert._LONG_S", 1.0)
    monkeypatch.setattr("hierbatch.audio.encoding_sink.MAX_BYTES_IN_MEMORY", 1 << 10)  # a take on the disk
    in_blocks = convert(rows)
    assert in_blocks["n_samples"].to_pylist() == [-(-len(loud) * (output_hz or rate_hz) // rate_hz)]
    assert in_blocks["flags"].equals(whole["flags"])
    (one,), (other,) = sounds(whole), sounds(in_blocks)
    np.testing.assert_allclose(other, one, atol=1.01 / 32768)
