"""Requests for voices are checked before a model is loaded."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hierbatch.errors import InputError
from hierbatch.jobs.voices import design
from hierbatch.jobs.voices.design import DesignVoices, design_voices
from hierbatch.jobs.voices.sample import SampleVoices, sample_voices


@pytest.mark.parametrize("changes", [{"seed": -1}, {"seed": 2**63}, {"n_voices": 0}, {"name": "../x"}, {"name": ""}])
def test_voices_are_not_made_from_values_that_cannot_be_used(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(InputError):
        next(sample_voices(SampleVoices(out=tmp_path, **changes)))  # type: ignore[arg-type]
    with pytest.raises(InputError):
        next(design_voices(DesignVoices(description="a low voice", out=tmp_path, **changes)))  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("changes", [{"n_candidates": 0}, {"n_corrections": -1}])
def test_a_design_needs_a_candidate(tmp_path: Path, changes: dict[str, int]) -> None:
    with pytest.raises(InputError, match="at least 1 candidate"):
        next(design_voices(DesignVoices(description="a low voice", out=tmp_path, **changes)))  # type: ignore[arg-type]


def test_the_pace_of_a_candidate_counts_the_tokens_of_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    model = SimpleNamespace(
        language="en",
        space=SimpleNamespace(sample_point=lambda generator, asked: np.zeros(2), voice_at=lambda point: "voice"),
        phonemes=lambda text, language: "tʃ ˈoʊ | ɪ ŋ .",
        speak=lambda voice, phonemes, language: None,
    )
    monkeypatch.setattr(design, "measure_attributes", lambda space, sound, n: counts.append(n) or {"pace": 0.0})
    monkeypatch.setattr(design, "adjust_voice", lambda space, voice, asked, measured: voice)
    generator = np.random.default_rng(0)
    design.design_one(model, {"pace": 1.0}, generator, n_candidates=1, n_corrections=1)  # type: ignore[arg-type]
    assert counts == [6, 6]
