"""What a bundle is made of: the bundle begun from, then every finished school, a later one over an earlier."""

from pathlib import Path

import torch

from hierbatch.training.finished import chain_weights, is_finished, school_weights, speechsr_weights


def leave(training: Path, school: str, **weights: float) -> None:
    (training / school).mkdir(parents=True)
    state = {name.replace("__", "."): torch.tensor(value) for name, value in weights.items()}
    torch.save({"average": state}, training / school / "checkpoint.pt")


def test_later_schools_win_and_what_does_not_ship_stays(tmp_path: Path) -> None:
    leave(tmp_path, "waveform", bias=1.0)
    leave(tmp_path, "content", content__bias=2.0, phones__bias=3.0)
    leave(tmp_path, "strangers", content__bias=4.0, acoustic__bias=5.0)
    leave(tmp_path, "likeness", judge__bias=6.0, class_weights__bias=6.5)
    wanted = {"waveform.bias": 1.0, "content.bias": 4.0, "acoustic.bias": 5.0}
    assert chain_weights(tmp_path, None) == wanted
    leave(tmp_path, "adversarial", waveform__bias=7.0, critics__bias=8.0)
    assert chain_weights(tmp_path, None, without="adversarial") == wanted
    assert chain_weights(tmp_path, None) == wanted | {"waveform.bias": 7.0}


def test_a_school_of_one_network_leaves_its_weights_under_its_name(tmp_path: Path) -> None:
    leave(tmp_path, "waveform", bias=1.0)
    leave(tmp_path, "content", content__bias=2.0, phones__bias=3.0)
    assert school_weights(tmp_path, "waveform") == {"waveform.bias": 1.0}
    assert school_weights(tmp_path, "content") == {"content.bias": 2.0, "phones.bias": 3.0}
    leave(tmp_path, "likeness", judge__bias=6.0)
    assert school_weights(tmp_path, "likeness") == {"judge.bias": 6.0}  # where the school of strangers looks for it
    assert not is_finished(tmp_path, "strangers")


def test_speechsr_ships_as_its_last_school_left_it_and_without_critics(tmp_path: Path) -> None:
    assert speechsr_weights(tmp_path) is None
    leave(tmp_path, "speechsr_lite", enter__bias=1.0)
    assert school_weights(tmp_path, "speechsr_lite") == speechsr_weights(tmp_path) == {"enter.bias": 1.0}
    leave(tmp_path, "speechsr_lite_adversarial", enter__bias=2.0, critics__by_period__0__bias=3.0)
    assert speechsr_weights(tmp_path) == {"enter.bias": 2.0}
