import pytest
import torch
from typer.testing import CliRunner

from hierbatch.cli.app import app
from hierbatch.models.weights.bundle_writing import write_bundle_components

PAGE = {
    "name": "mine", "kind": "hierspeechpp", "languages": ["en"], "rate_hz": 16_000, "license": "MIT", "config": {},
    "synthesis": {},
}  # fmt: skip
PART = {"source": "G.pth", "source_sha256": "ab", "published_name": "", "license": "MIT"}


@pytest.mark.parametrize(
    ("parts", "rate_hz"),
    [
        ("ttv synthesizer", 16_000),
        ("ttv synthesizer speechsr24k", 24_000),
        ("ttv synthesizer speechsr48k speechsr24k", 48_000),
        ("synthesizer content_encoder speechsr48k", 16_000),
        ("speechsr24k", 24_000),
    ],
)
def test_a_model_is_listed_and_shown_with_the_rate_it_delivers(tmp_path, monkeypatch, parts, rate_hz):
    monkeypatch.setenv("HIERBATCH_MODELS", str(tmp_path))
    weights = {name: {"w": torch.zeros(1)} for name in parts.split()}
    write_bundle_components(tmp_path / "mine", weights, [PART | {"name": name} for name in weights], PAGE)
    listed = CliRunner().invoke(app, ["models", "list"]).output.splitlines()
    shown = CliRunner().invoke(app, ["models", "show", "mine"]).output.splitlines()
    assert [line for line in listed if line.startswith("mine ") and f" {rate_hz} Hz" in line]
    assert f"rate         {rate_hz} Hz" in shown
