import pytest
import torch

from hierbatch.errors import BundleError
from hierbatch.models.hierspeechpp.denoiser.weights import denoiser_from, load_denoiser
from hierbatch.models.weights.checkpoint import Checkpoint


def test_a_checkpoint_of_another_model_is_reported(tmp_path):
    torch.save({"generator": {"enc.weight": torch.zeros(3)}}, tmp_path / "g_best")
    with pytest.raises(BundleError, match="do not fit Denoiser"):
        load_denoiser(tmp_path / "g_best")


def test_every_missing_weight_is_named():
    with pytest.raises(BundleError, match=r"missing slope \[201, 1\]"):
        denoiser_from(Checkpoint("nothing", "", {"mask_decoder.mask_conv.4.bias": torch.zeros(1)}))
