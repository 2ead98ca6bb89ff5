from contextlib import nullcontext

import numpy as np
import pytest
import torch

from hierbatch.audio.waveform import Waveform
from tests.loading import load_script
from tests.tiny_speechsr import write_tiny_speechsr

precision = load_script("benchmarks/precision.py")


def test_the_farthest_of_the_sounds_counts():
    sound = np.random.default_rng(0).normal(0, 0.1, 1_000).astype(np.float32)
    near, far = (Waveform(sound * np.float32(gain), 16_000) for gain in (1.001, 1.01))
    wanted = [Waveform(sound, 16_000)] * 2
    assert precision.min_snr_db(wanted, [near, far]) == pytest.approx(40, abs=0.1)


def test_each_placement_has_its_line(tmp_path, capsys):
    bundle = str(write_tiny_speechsr(tmp_path))
    works = {word: precision.upsampling(bundle, word) for word in ("cpu", "cpu,bfloat16")}
    told_db = precision.print_rows("bandwidth-extension", works, 1)
    plain, rough = (line.split(" | ") for line in capsys.readouterr().out.splitlines())
    assert plain[1:3] == ["cpu", ""]
    assert rough[1] == "cpu,bfloat16"
    assert 20 < float(rough[2]) < 90
    assert told_db == pytest.approx(float(rough[2]), abs=0.5)


def test_what_is_compiled_is_compared_with_float32_as_it_is():
    assert precision.placements("cpu", ["bfloat16"], is_compiled=False) == ["cpu", "cpu,bfloat16"]
    assert precision.placements("cpu", [], is_compiled=True) == ["cpu", "cpu,compile"]
    assert precision.placements("cuda", ["float16"], is_compiled=True) == [
        "cuda",
        "cuda,compile",
        "cuda,float16,compile",
    ]


@pytest.mark.parametrize(("least_db", "is_told"), [("20", False), ("150", True)])
def test_a_sound_less_near_than_asked_for_ends_with_1(tmp_path, monkeypatch, capsys, least_db, is_told):
    bundle = str(write_tiny_speechsr(tmp_path))
    words = [
        "precision.py",
        "--works",
        "bandwidth-extension",
        "--rounds",
        "1",
        "--upsampler",
        bundle,
        "--min-snr-db",
        least_db,
    ]
    monkeypatch.setattr("sys.argv", words)
    n_threads = torch.get_num_threads()
    try:
        with pytest.raises(SystemExit) if is_told else nullcontext():
            precision.main()
    finally:
        torch.set_num_threads(n_threads)
    assert ("SNR below 150 dB" in capsys.readouterr().out) == is_told
