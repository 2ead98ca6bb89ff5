from dataclasses import replace

import numpy as np
import pytest

from hierbatch.audio.waveform import Waveform
from hierbatch.training.splits import split_of
from tools.evaluation.conversion_tasks import CONVERTED, CONVERTED_ASR_REFERENCE, plan_conversions
from tools.evaluation.evaluation_set import load_set
from tools.evaluation.reference_recordings import ReferenceRecording


def recordings_of(chosen, text):
    sound = Waveform(np.zeros(16, np.float32), 16_000)
    return {clip: ReferenceRecording(sound, text) for clip in chosen.clips()}


@pytest.mark.parametrize(
    ("name", "text", "group"),
    [
        ("development", "", CONVERTED_ASR_REFERENCE),
        ("evaluation", "some words", CONVERTED),
    ],
)
def test_everybody_is_converted_to_somebody_else_who_is_held_out_too(name, text, group):
    chosen = load_set(name)
    (planned,) = plan_conversions(chosen, recordings_of(chosen, text)).values()
    assert list(plan_conversions(chosen, recordings_of(chosen, text))) == [group]
    assert len(planned) >= 12
    assert all(task.speaker != task.voice.speaker for task in planned)
    assert {split_of(task.voice.speaker) for task in planned} == {name}
    assert len({task.voice.speaker for task in planned}) >= 10
    assert {task.text for task in planned} == {text}


def test_a_set_without_people_to_convert_has_no_such_group():
    chosen = replace(load_set("development"), voices=(), transcribed_clips=())
    assert plan_conversions(chosen, {}) == {}
