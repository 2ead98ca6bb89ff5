"""With the packaged model: a row sounds the same alone, among others, and in any order."""

import io

import numpy as np
import pytest
import soundfile

from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.jobs.specs.voices import list_voices, prepare_voices, write_voice_table
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.stages.batching import BatchLimits
from hierbatch.stages.speak import Speak
from hierbatch.stages.voices import VoiceStore
from tests.stages.planning import plan

CPU = DevicePlacement()

N_ROWS = 8
LEAST_SNR_DB = 60.0


@pytest.fixture(scope="module")
def speak(tmp_path_factory):
    """A stage with the packaged model and the narrator, for batches of some size."""
    from tests.loading import ROOT

    shelf_file = tmp_path_factory.mktemp("voices") / "voices.parquet"
    model = LitePipeline.load("lite")
    voices = list_voices(VoiceChoice(voice=ROOT / "manifests" / "voices" / "narrator.flac"))
    write_voice_table(prepare_voices(voices, model.encode_voice, allow_unknown=False), shelf_file)
    store = VoiceStore(shelf_file, model.encode_voice)
    return lambda n_rows: Speak(model, store, placement=CPU, limits=BatchLimits(n_rows=n_rows))


def sounds(stage, rows):
    made = zip(*(stage(rows).column(name).to_pylist() for name in ("id", "audio")), strict=True)
    return {row_id: soundfile.read(io.BytesIO(audio["bytes"]))[0] for row_id, audio in made}


def snr_db(one, other):
    noise = float(np.sum((one - other) ** 2))
    return np.inf if noise == 0 else 10 * np.log10(float(np.sum(one**2)) / noise)


@pytest.mark.parametrize("change", ["together", "shuffled"])
def test_a_row_sounds_the_same_alone_together_and_shuffled(speak, change):
    rows = plan(N_ROWS, voice=["narrator"] * N_ROWS)
    alone = sounds(speak(1), rows)
    order = list(range(N_ROWS)) if change == "together" else [5, 0, 7, 2, 6, 1, 3, 4]
    other = sounds(speak(8), rows.take(order))
    assert alone.keys() == other.keys()
    assert {len(sound) for sound in alone.values()} != {len(alone["r0"])}  # of several lengths, so that some are padded
    for row_id, sound in alone.items():
        assert len(sound) == len(other[row_id])
        assert snr_db(sound, other[row_id]) > LEAST_SNR_DB, row_id
