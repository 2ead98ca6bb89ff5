"""The teachers come from the kit's folder and say what they are asked at the rate everything is judged at."""

import sys
import types

import numpy as np
import pytest

from hierbatch.errors import InputError, ProgramError
from tools.evaluation.teachers import load_teachers

_KOREAN = """
from types import SimpleNamespace

RATE = 24000


class Kokoro:
    def __init__(self, threads):
        assert threads == 1

    def say(self, text, voice, speed, lang):
        assert lang == "ko"
        import beside

        return SimpleNamespace(wav=beside.hum(RATE * len(text)))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("teacher", "beside"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (tmp_path / "teacher.py").write_text(_KOREAN)
    (tmp_path / "beside.py").write_text("import numpy as np\n\n\ndef hum(n):\n    return np.full(n, 0.1)\n")
    yield tmp_path
    for name in ("teacher", "beside"):
        sys.modules.pop(name, None)


def test_both_say_a_text_at_16_khz(folder, monkeypatch):
    english = types.ModuleType("hibari")
    english.SAMPLE_RATE = 22_050
    english.Hibari = lambda voice: lambda text, seed: np.zeros(22_050 * len(text))
    monkeypatch.setitem(sys.modules, "hibari", english)
    teachers = load_teachers(folder)
    for language in ("en", "ko"):
        said = teachers[language]("abc")
        assert said.rate_hz == 16_000
        assert said.n_samples == 3 * 16_000


def test_a_missing_teacher_is_reported(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "hibari", None)
    with pytest.raises(ProgramError, match="lacks a package"):
        load_teachers(folder)
    with pytest.raises(InputError, match=r"no teacher\.py"):
        load_teachers(folder / "nowhere")
