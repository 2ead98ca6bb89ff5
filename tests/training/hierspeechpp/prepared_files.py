"""Made speech as a prepared set on disk."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile
from scipy import signal

from hierbatch.training.prepared import INDEX_SCHEMA


def write_prepared(folder, speech):
    """Write the utterances of `MadeSpeech` with 64 channels of features as one shard."""
    shard = folder / "made"
    shard.mkdir(parents=True)
    rows, first_frame = [], 0
    with (shard / "audio.i16").open("wb") as audio, (shard / "semantic.f16").open("wb") as semantic:
        f0 = []
        for utterance in speech.utterances:
            audio.write(np.round(speech.audio(utterance) * 32767).astype("<i2").tobytes())
            semantic.write(speech.semantic(utterance).astype("<f2").tobytes())
            f0.append(speech.fine_f0_hz(utterance)[::2].astype("<f4"))
            rows.append(
                {
                    "id": utterance.id, "speaker": utterance.speaker, "language": utterance.language, "text": "",
                    "text_norm": "", "phonemes": utterance.phonemes, "n_frames": utterance.n_frames,
                    "first_frame": first_frame,
                }
            )  # fmt: skip
            first_frame += utterance.n_frames
    np.concatenate(f0).tofile(shard / "f0.f32")
    pq.write_table(pa.Table.from_pylist(rows, schema=INDEX_SCHEMA), shard / "index.parquet")
    return folder


def write_recordings(path, speech, rate_hz=24_000):
    """Write the same recordings, upsampled, as a Parquet file of full-band recordings."""
    rows = []
    for utterance in speech.utterances:
        samples = signal.resample_poly(speech.audio(utterance), rate_hz // 8000, 2)
        encoded = io.BytesIO()
        soundfile.write(encoded, samples, rate_hz, format="FLAC")
        rows.append(
            {
                "id": utterance.id, "speaker": utterance.speaker, "text": utterance.id, "original_rate_hz": rate_hz,
                "audio": {"bytes": encoded.getvalue(), "path": None},
            }
        )  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), path)
