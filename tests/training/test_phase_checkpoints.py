"""What a bundle is made of: the bundle begun from, then every finished school, a later one over an earlier."""

from pathlib import Path

import torch

from hierbatch.training.phase_checkpoints import has_checkpoint, phase_weights, pipeline_weights, speechsr_weights


def leave(training: Path, school: str, **weights: float) -> None:
    (training / school).mkdir(parents=True)
    state = {name.replace("__", "."): torch.tensor(value) for name, value in weights.items()}
    torch.save({"average": state}, training / school / "checkpoint.pt")


def test_later_schools_win_and_what_does_not_ship_stays(tmp_path: Path) -> None:
    leave(tmp_path, "vocoder", bias=1.0)
    leave(tmp_path, "content-encoder", content_encoder__bias=2.0, phones__bias=3.0)
    leave(tmp_path, "cross-speaker", content_encoder__bias=4.0, acoustic__bias=5.0)
    leave(tmp_path, "speaker-encoder", speaker_encoder__bias=6.0, class_weights__bias=6.5)
    wanted = {"vocoder.bias": 1.0, "content_encoder.bias": 4.0, "acoustic.bias": 5.0}
    assert pipeline_weights(tmp_path, None) == wanted
    leave(tmp_path, "vocoder-gan", vocoder__bias=7.0, discriminators__bias=8.0)
    assert pipeline_weights(tmp_path, None, exclude="vocoder-gan") == wanted
    assert pipeline_weights(tmp_path, None) == wanted | {"vocoder.bias": 7.0}


def test_a_school_of_one_network_leaves_its_weights_under_its_name(tmp_path: Path) -> None:
    leave(tmp_path, "vocoder", bias=1.0)
    leave(tmp_path, "content-encoder", content_encoder__bias=2.0, phones__bias=3.0)
    assert phase_weights(tmp_path, "vocoder") == {"vocoder.bias": 1.0}
    assert phase_weights(tmp_path, "content-encoder") == {"content_encoder.bias": 2.0, "phones.bias": 3.0}
    leave(tmp_path, "speaker-encoder", speaker_encoder__bias=6.0)
    assert phase_weights(tmp_path, "speaker-encoder") == {
        "speaker_encoder.bias": 6.0
    }  # where the school of strangers looks for it
    assert not has_checkpoint(tmp_path, "cross-speaker")


def test_speechsr_ships_as_its_last_school_left_it_and_without_critics(tmp_path: Path) -> None:
    assert speechsr_weights(tmp_path) is None
    leave(tmp_path, "speechsr-lite", input_projection__bias=1.0)
    assert phase_weights(tmp_path, "speechsr-lite") == speechsr_weights(tmp_path) == {"input_projection.bias": 1.0}
    leave(tmp_path, "speechsr-lite-gan", input_projection__bias=2.0, discriminators__by_period__0__bias=3.0)
    assert speechsr_weights(tmp_path) == {"input_projection.bias": 2.0}
