import numpy as np
import pytest

import hierbatch
from hierbatch.analysis.similarity import similarity_matrix
from hierbatch.analysis.summary import summarize
from hierbatch.audio.pitch import estimate_f0, median_f0_hz
from hierbatch.errors import InputError, PromptError
from tests.delivery.book_run import book_rows, write_run
from tests.tiny_runs import FIRST


def by_pitch(sound):
    """A speaker network of one idea: voices differ in pitch. Hz as an angle, so that cosines tell them apart."""
    angle = median_f0_hz(estimate_f0(sound)) / 100
    return np.array([np.cos(angle), np.sin(angle)], np.float32)


def test_takes_are_nearest_to_their_own_prompt():
    run = hierbatch.open_run(FIRST)
    matrix = similarity_matrix(run, by_pitch, "pitch")
    assert set(matrix.voices) == {voice.voice for voice in summarize(run.takes).voices}
    assert matrix.values.shape == (3, 3)
    assert matrix.n_nearest_own == 3
    assert (np.abs(matrix.values) <= 1 + 1e-6).all()


def test_a_take_the_network_cannot_use_is_left_out():
    run = hierbatch.open_run(FIRST)
    longest = int(1.9 * 16_000)  # only one take is as long, and the prompts are

    def only_the_longest(sound):
        if sound.n_samples < longest:
            raise PromptError("too short")
        return by_pitch(sound)

    assert similarity_matrix(run, only_the_longest).voices == ("seoul",)


def test_a_run_without_prompts_is_reported(tmp_path):
    run = hierbatch.open_run(write_run(tmp_path / "r", book_rows(1, 2)))
    with pytest.raises(InputError, match="no voices to compare"):
        similarity_matrix(run, by_pitch)
