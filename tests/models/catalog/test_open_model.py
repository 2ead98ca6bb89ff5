import pytest

from hierbatch.errors import BundleError
from hierbatch.models.catalog.open_model import load_model
from tests.engine.fake_model import FACTORY


def test_a_model_is_what_its_factory_makes_of_a_bundle(tmp_path):
    assert load_model(FACTORY, str(tmp_path), "cpu").name == "fake"


@pytest.mark.parametrize(
    "factory", ["no.such.module:load", "tests.engine.fake_model:missing", "tests.engine.fake_model"]
)
def test_a_factory_that_is_not_there_is_named(tmp_path, factory):
    with pytest.raises(BundleError, match="cannot be imported"):
        load_model(factory, str(tmp_path), "cpu")


def test_a_model_that_cannot_load_says_so_itself(tmp_path):
    with pytest.raises(BundleError, match="fake weights are missing"):
        load_model(FACTORY, str(tmp_path / "none"), "cpu")


def test_what_a_model_says_when_it_does_not_load_is_told(tmp_path):
    with pytest.raises(BundleError, match=r"broken.*no kernel image"):
        load_model("tests.engine.fake_model:FakeModel", str(tmp_path), "broken")
