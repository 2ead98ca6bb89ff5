import numpy as np
import pytest

from hierbatch.audio.waveform import Waveform
from tests.loading import load_script
from tests.tiny_speechsr import write_tiny_speechsr

precision = load_script("benchmarks/precision.py")


def test_the_farthest_of_the_sounds_counts():
    sound = np.random.default_rng(0).normal(0, 0.1, 1_000).astype(np.float32)
    near, far = (Waveform(sound * np.float32(gain), 16_000) for gain in (1.001, 1.01))
    wanted = [Waveform(sound, 16_000)] * 2
    assert precision.nearest_db(wanted, [near, far]) == pytest.approx(40, abs=0.1)


def test_each_placement_has_its_line(tmp_path, capsys):
    bundle = str(write_tiny_speechsr(tmp_path))
    works = {word: precision.upsampling(bundle, word) for word in ("cpu", "cpu,bfloat16")}
    precision.tell("top", works, 1)
    plain, rough = (line.split(" | ") for line in capsys.readouterr().out.splitlines())
    assert plain[1:3] == ["cpu", ""]
    assert rough[1] == "cpu,bfloat16"
    assert 20 < float(rough[2]) < 90
