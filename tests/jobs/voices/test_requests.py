"""Requests for voices are checked before a model is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from hierbatch.errors import InputError
from hierbatch.jobs.voices.design import DesignVoices, design_voices
from hierbatch.jobs.voices.sample import SampleVoices, sample_voices


@pytest.mark.parametrize("changes", [{"seed": -1}, {"seed": 2**63}, {"n_voices": 0}, {"name": "../x"}, {"name": ""}])
def test_voices_are_not_made_from_values_that_cannot_be_used(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(InputError):
        next(sample_voices(SampleVoices(out=tmp_path, **changes)))  # type: ignore[arg-type]
    with pytest.raises(InputError):
        next(design_voices(DesignVoices(description="a low voice", out=tmp_path, **changes)))  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())
