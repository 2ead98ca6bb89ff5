"""A small prepared set of made recordings, with a stand-in for the content teacher's weights."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
import torch

from hierbatch.constants import FRAME_HOP_SAMPLES
from hierbatch.frontend.speech_text import SpeechFrontEnd
from hierbatch.training.features import FeaturePipeline, prepare_file
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.semantics import SEMANTIC_CHANNELS, Projection


class LoudnessTeacher(torch.nn.Module):
    """Stands where the content encoder's weights would: 64 features that say how loud each 20 ms is."""

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        power = samples.reshape(-1, FRAME_HOP_SAMPLES).pow(2).mean(1, keepdim=True)
        return torch.log(power + 1e-6).repeat(1, SEMANTIC_CHANNELS)


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
    identity = Projection(
        np.zeros(64, np.float32), np.ones(64, np.float32), np.eye(64, SEMANTIC_CHANNELS, dtype=np.float32)
    )
    tools = FeaturePipeline(teacher=LoudnessTeacher(), projection=identity, front_end=SpeechFrontEnd())  # type: ignore[arg-type]
    told: list[str] = []
    prepare_file(folder / "some.parquet", folder / "some", tools, told.append)
    prepare_file(folder / "some.parquet", folder / "some", tools, told.append)
    assert len(told) == 2, "one line for the torn row, one for the file; what is prepared is not prepared again"
    assert "row torn" in told[0]
    return PreparedSet(folder)
