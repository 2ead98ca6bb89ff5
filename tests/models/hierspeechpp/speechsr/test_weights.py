import numpy as np
import pytest
import torch

from hierbatch.errors import BundleError
from hierbatch.models.hierspeechpp.files import find_checkpoint_file
from hierbatch.models.hierspeechpp.speechsr.config import speechsr_24k, speechsr_48k
from hierbatch.models.hierspeechpp.speechsr.weights import load_speechsr
from tests.models.golden_data import GOLDEN, PUBLISHED, published

EXACT_TOLERANCE = 5e-3  # positions of the published interpolation drift along three seconds


@published
@pytest.mark.parametrize(("name", "config"), [("speechsr24k", speechsr_24k()), ("speechsr48k", speechsr_48k())])
def test_the_published_weights_give_the_published_sound_with_exact_positions_too(name, config):
    model = load_speechsr(find_checkpoint_file(PUBLISHED, name), config)
    case = np.load(GOLDEN / "speechsr_real" / "ref1.npz")
    with torch.inference_mode():
        found = model(torch.from_numpy(case["in_audio16k"][:, :, :16_000]))
    wanted = case[f"out_audio{name[-3:]}"][:, :, : found.shape[2]]
    inner = slice(None, -200)  # the case goes on where the cut ends
    assert np.abs(found.numpy() - wanted)[:, :, inner].max() < EXACT_TOLERANCE


def test_a_checkpoint_of_another_model_is_reported(tmp_path):
    torch.save({"model": {"enc.weight": torch.zeros(3)}}, tmp_path / "g.pth")
    with pytest.raises(BundleError, match="do not fit SpeechSR"):
        load_speechsr(tmp_path / "g.pth", speechsr_24k())
