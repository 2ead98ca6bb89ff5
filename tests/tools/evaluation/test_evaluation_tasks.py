from collections import Counter

import numpy as np

from hierbatch.audio.waveform import Waveform
from tools.evaluation.evaluation_set import load_set
from tools.evaluation.evaluation_tasks import ENGLISH, KOREAN, KOREAN_CROSS_LINGUAL, RECORDED_TEXTS, plan_tasks
from tools.evaluation.reference_recordings import ReferenceRecording

SET = load_set("evaluation")
RECORDINGS = {
    clip: ReferenceRecording(Waveform(np.zeros(16, np.float32), 16_000), f"text of {clip.row}") for clip in SET.clips()
}


def test_every_sentence_is_spoken_and_voices_share_the_work():
    groups = plan_tasks(SET, RECORDINGS)
    assert {group: len(tasks) for group, tasks in groups.items()} == {
        ENGLISH: 40,
        KOREAN: 40,
        KOREAN_CROSS_LINGUAL: 40,
        RECORDED_TEXTS: 34,
    }
    for tasks in groups.values():
        shares = Counter(task.voice.speaker for task in tasks)
        assert max(shares.values()) - min(shares.values()) <= 1
    assert {task.voice.language for task in groups[KOREAN]} == {"ko"}
    assert {task.voice.language for task in groups[KOREAN_CROSS_LINGUAL]} == {"en"}
    assert [task.text for task in groups[KOREAN]] == [task.text for task in groups[KOREAN_CROSS_LINGUAL]]


def test_a_rereading_is_in_its_own_speakers_voice_with_that_recording_to_compare():
    for task, entry in zip(plan_tasks(SET, RECORDINGS)[RECORDED_TEXTS], SET.transcribed_clips, strict=True):
        assert task.voice.speaker == entry.speaker
        assert task.recording is RECORDINGS[entry.clip]
        assert task.text == f"text of {entry.clip.row}"


def test_the_development_set_has_no_transcripts_and_so_no_rereadings():
    chosen = load_set("development")
    recordings = {clip: ReferenceRecording(Waveform(np.zeros(16, np.float32), 16_000), "") for clip in chosen.clips()}
    assert RECORDED_TEXTS not in plan_tasks(chosen, recordings)


def test_a_limit_takes_the_first_of_each_group():
    whole, few = plan_tasks(SET, RECORDINGS), plan_tasks(SET, RECORDINGS, limit=3)
    assert all(few[group] == tasks[:3] for group, tasks in whole.items())
