"""A small prepared set of made recordings, with a stand-in for the content encoder."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from hierbatch.constants import FRAME_HOP_SAMPLES
from hierbatch.datasets.readers import read_dataset
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.training.features import FeaturePipeline, write_shard
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.prepared_settings import TEACHER_FEATURES
from hierbatch.training.semantics import SEMANTIC_CHANNELS


class LoudnessFeatures:
    """Stands where the content encoder's weights would: 64 features that say how loud each 20 ms is."""

    info = TEACHER_FEATURES

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        power = (samples.reshape(-1, FRAME_HOP_SAMPLES) ** 2).mean(1, keepdims=True)
        return np.log(power + 1e-6).repeat(SEMANTIC_CHANNELS, 1)


def recording(rate_hz: int, duration_s: float, f0_hz: float) -> dict[str, object]:
    phase = 2 * np.pi * f0_hz * np.arange(int(rate_hz * duration_s)) / rate_hz
    encoded = io.BytesIO()
    soundfile.write(encoded, (0.2 * np.exp(3 * (np.cos(phase) - 1))).astype(np.float32), rate_hz, format="FLAC")
    return {"bytes": encoded.getvalue(), "path": None}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    folder = tmp_path_factory.mktemp("prepared")
    rows = [
        {"id": "a1", "speaker": "ann", "language": "en", "text": "HELLO THERE", "audio": recording(16000, 1.5, 200)},
        {"id": "a2", "speaker": "ann", "language": "en", "text": None, "audio": recording(24000, 2.0, 210)},
        {"id": "b1", "speaker": "bob", "language": "ko", "text": "안녕하세요.", "audio": recording(48000, 3.01, 110)},
        {"id": "short", "speaker": "bob", "language": "en", "text": "no", "audio": recording(16000, 0.3, 110)},
        {"id": "torn", "speaker": "bob", "language": "en", "text": "no", "audio": {"bytes": b"RIFF", "path": None}},
    ]
    pq.write_table(pa.Table.from_pylist(rows), folder / "some.parquet")
    pipeline = FeaturePipeline(features=LoudnessFeatures(), front_end=SpeechFrontEnd())
    shard = write_shard(read_dataset([folder / "some.parquet"]), folder / "some", pipeline)
    assert shard.n_rows == 3
    assert {row.id for row in shard.rejected} == {"short", "torn"}
    return PreparedSet(folder)
