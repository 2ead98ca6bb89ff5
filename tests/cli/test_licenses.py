import json

import pytest
from typer.testing import CliRunner

from hierbatch.cli.app import app
from hierbatch.cli.licenses import print_model_license_warnings
from hierbatch.models.weights.bundle_writing import write_bundle_components
from tests.making import manifest_file, phonemes, prompt_file
from tests.tiny_bundle import write_tiny_bundle

SAID = "Not for commercial use: CC-BY-NC-4.0"


@pytest.fixture
def model(tmp_path):
    """A model that may not be used commercially."""
    folder = write_tiny_bundle(tmp_path / "tiny")
    page = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps(page | {"license": "CC-BY-NC-4.0"}))
    return folder


def test_it_is_spoken_before_the_work_is_done_and_by_a_retry(model, tmp_path):
    manifest = manifest_file(tmp_path, 1, phonemes=[phonemes(0)])
    out, here = str(tmp_path / "run"), ["--engine", "local"]
    words = ["run", str(manifest), "--voice", str(prompt_file(tmp_path)), "--model", str(model), "--out", out, *here]
    for command in (words, ["retry", out, "--id", "r000", *here]):
        said = CliRunner().invoke(app, command).output
        assert said.index(SAID) < said.index("of 1 rows done"), said


def test_a_non_commercial_license_is_shown_where_the_model_is_used(tmp_path, capsys):
    about = {"source": "x", "source_sha256": "", "published_name": ""}
    parts = [{"name": "a", "license": "MIT", **about}, {"name": "b", "license": "CC-BY-NC-4.0", **about}]
    page = {
        "name": "m", "kind": "hierspeechpp", "languages": [], "rate_hz": 16_000, "license": "MIT; CC-BY-NC-4.0",
        "config": {}, "synthesis": {},
    }  # fmt: skip
    write_bundle_components(tmp_path / "m", {"a": {}, "b": {}}, parts, page)
    print_model_license_warnings(str(tmp_path / "m"))
    assert capsys.readouterr().out == "Not for commercial use: CC-BY-NC-4.0\n"
    print_model_license_warnings("lite")
    print_model_license_warnings(str(tmp_path / "none"))
    assert capsys.readouterr().out == ""
