import pytest

from hierbatch.errors import BundleError
from hierbatch.models.catalog.open_model import open_model, open_upsampler, read_model_info
from hierbatch.models.device_placement import DevicePlacement
from tests.engine.fake_model import write_fake_bundle


def test_a_kind_from_another_package_is_described_and_loaded(tmp_path):
    bundle = write_fake_bundle(tmp_path, version="7")
    model, info = open_model(bundle), read_model_info(bundle)
    assert (model.name, model.fingerprint, model.languages) == (info.name, info.fingerprint, info.languages)
    assert (info.name, info.fingerprint) == ("fake", "7")


def test_an_unknown_kind_is_refused_with_the_known_ones(tmp_path):
    page = write_fake_bundle(tmp_path) / "bundle.json"
    page.write_text(page.read_text().replace('"kind": "fake"', '"kind": "unheard"'))
    for function in (open_model, read_model_info):
        with pytest.raises(BundleError, match=r"lite or .* or fake.*unheard"):
            function(tmp_path)


def test_the_error_of_a_model_that_does_not_load_is_kept(tmp_path):
    with pytest.raises(BundleError, match="fake weights are missing"):
        open_model(write_fake_bundle(tmp_path, no_weights=""))


def test_any_other_failure_to_load_names_model_and_device(tmp_path):
    bundle = write_fake_bundle(tmp_path, broken_dtype="bfloat16")
    with pytest.raises(BundleError, match=r"cannot be loaded on cpu,bfloat16.*no kernel image"):
        open_model(bundle, DevicePlacement(dtype="bfloat16"))


def test_a_model_that_speaks_is_not_opened_as_an_upsampler():
    with pytest.raises(BundleError, match="does not extend the bandwidth"):
        open_upsampler("lite")
