"""Recordings of a unit get their top together, and each is what it would be alone."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from hierbatch.audio.files import encode_sound, read_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import SynthesisError
from hierbatch.manifest.columns.schema import AUDIO
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.upsampling import upsampler as upsampling
from hierbatch.models.upsampling.upsampler import Upsampler
from hierbatch.stages.batching import BatchLimits
from hierbatch.stages.upsample import Upsample
from tests.models.among_others import snr_db
from tests.tiny_speechsr import write_tiny_speechsr

CPU = DevicePlacement()

TOGETHER = BatchLimits(n_rows=16, sound_s=60.0)


@pytest.fixture
def model(tmp_path):
    """Of pieces of a quarter of a second; `batches` is how many recordings were asked of it each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upsampling, "CHUNK_SAMPLES", 4_096)
        patch.setattr(Upsampler, "WINDOW_S", 0.75)
        found = Upsampler.load(write_tiny_speechsr(tmp_path / "tiny"))
        found.batches, stream_all = [], found.stream_all
        found.stream_all = lambda sounds, rate_hz: found.batches.append(len(sounds)) or stream_all(sounds, rate_hz)
        yield found


def noise(n_samples, rate_hz=16_000, gain=0.1):
    samples = gain * np.random.default_rng(n_samples).standard_normal(n_samples)
    return encode_sound(Waveform(samples.astype(np.float32), rate_hz), container="WAV")


def plan(contents, rates_hz=None, **columns):
    """Rows r0, r1, ... of recordings by their bytes."""
    n_rows = len(contents)
    return pa.table(
        {
            "id": [f"r{i}" for i in range(n_rows)],
            "take_key": ["k"] * n_rows,
            "attempt": pa.array([1] * n_rows, pa.int16()),
            "voice": pa.nulls(n_rows, pa.string()),
            "language": pa.nulls(n_rows, pa.string()),
            "seed": [0] * n_rows,
            "rate_hz": pa.array(rates_hz or [48_000] * n_rows, pa.int32()),
            "source": pa.array([{"bytes": content, "path": None} for content in contents], AUDIO),
            "source_sha256": pa.nulls(n_rows, pa.string()),
            "expected_duration_s": pa.array([0.0] * n_rows, pa.float32()),
            "error_kind": pa.nulls(n_rows, pa.string()),
            "error": pa.nulls(n_rows, pa.string()),
        }
        | columns
    )


def test_takes_made_together_are_those_made_alone_and_come_in_the_order_of_their_rows(model):
    of_16_khz = [noise(n) for n in (12_000, 1_700, 4_097, 30_001, 8_001)]
    contents = [*of_16_khz, b"no sound", noise(9_001, 44_100), noise(3_333, 8_000), *of_16_khz[:3], of_16_khz[0]]
    rows = plan(contents, [48_000] * 8 + [24_000] * 4, error_kind=[None] * 11 + ["crash"], error=[None] * 11 + ["died"])
    together = Upsample(model, placement=CPU, limits=TOGETHER)(rows).to_pylist()
    assert model.batches == [7, 3]
    alone = Upsample(model, placement=CPU, limits=BatchLimits(n_rows=1))(rows).to_pylist()
    assert model.batches[2:] == [1] * 10
    assert [take["error_kind"] for take in together] == [None] * 5 + ["source"] + [None] * 5 + ["crash"]
    assert [take["id"] for take in together] == [f"r{i}" for i in range(12)]
    for one, other in zip(together, alone, strict=True):
        assert (one["n_samples"], one["sample_rate_hz"]) == (other["n_samples"], other["sample_rate_hz"])
        if one["audio"]:
            sounds = [read_sound(take["audio"]["bytes"]).samples for take in (other, one)]
            assert snr_db(*sounds) > 60


def test_what_is_in_memory_together_is_bounded_in_seconds_of_pieces(model):
    rows = plan([noise(n) for n in (40_000, 41_000, 8_000, 8_000, 8_000, 8_000)])
    takes = Upsample(model, placement=CPU, limits=BatchLimits(n_rows=16, sound_s=1.5))(rows)
    # Three of half a second; then two of a piece each, however long they are.
    assert model.batches == [3, 2, 1]
    assert takes.column("n_samples").to_pylist() == [120_000, 123_000, 24_000, 24_000, 24_000, 24_000]


@pytest.mark.parametrize(
    ("device", "batches"), [("cpu,bfloat16", [4, 1]), ("cuda:1,compile", [1] * 5), ("cuda:1,float16", [5])]
)
def test_a_gpu_works_many_together_a_cpu_few_and_what_is_compiled_one_at_a_time(model, device, batches):
    Upsample(model, placement=DevicePlacement.parse(device))(plan([noise(8_000)] * 5))
    assert model.batches == batches


def test_a_lack_of_memory_halves_what_is_worked_together(model):
    stream_all = model.stream_all

    def cramped(sounds, rate_hz):
        for row, piece in stream_all(sounds, rate_hz):
            if len(sounds) > 2:
                raise torch.OutOfMemoryError("CUDA out of memory")
            yield row, piece

    model.stream_all = cramped
    takes = Upsample(model, placement=CPU, limits=TOGETHER)(plan([noise(8_000)] * 6))
    assert model.batches == [6, 3, 1, 1, 1, 1, 1, 1]
    assert takes.column("status").to_pylist() == ["ok"] * 6


def test_a_recording_that_fails_in_the_model_fails_alone(model):
    stream_all = model.stream_all

    def fails_at_the_second_piece(sounds, rate_hz):
        for number, (row, piece) in enumerate(stream_all(sounds, rate_hz)):
            if number >= len(sounds):
                raise SynthesisError("The model gave samples that are not numbers")
            yield row, piece

    model.stream_all = fails_at_the_second_piece
    takes = Upsample(model, placement=CPU, limits=TOGETHER)(plan([noise(4_000), noise(6_000), noise(4_001)]))
    assert model.batches == [3, 1, 1, 1]
    assert takes.column("error_kind").to_pylist() == [None, "synthesis", None]
    assert takes.column("n_samples").to_pylist() == [12_000, None, 12_003]
