import numpy as np
import pytest

from hierbatch.errors import InputError
from hierbatch.jobs.training.train import TrainJob, train
from hierbatch.training.prepared import PreparedSet, PreparedUtterance
from hierbatch.training.sampling import SpeakerSampler
from hierbatch.training.splits import held_out_speakers


def utterances(*speakers):
    return [
        PreparedUtterance(
            id=f"{speaker}-{n}", speaker=speaker, language="en", phonemes="", n_frames=100, first_frame=0, shard=0
        )
        for speaker in speakers
        for n in range(20)
    ]


def splits_of(prepared):
    return {name: {u.id for u in prepared.split(name)} for name in ("train", "development", "evaluation")}


def test_without_a_held_out_speaker_a_twentieth_of_the_utterances_is_held_out(prepared):
    evaluation = next(speaker for speaker, split in held_out_speakers().items() if split == "evaluation")
    made = PreparedSet(prepared.folder)
    made.utterances = utterances("ann", "bob", evaluation)
    parts = splits_of(made)
    assert (len(parts["train"]), len(parts["development"]), len(parts["evaluation"])) == (38, 2, 20)
    assert not parts["train"] & parts["development"]
    assert splits_of(made) == parts


def test_held_out_speakers_count_where_there_are_some(prepared):
    development = next(speaker for speaker, split in held_out_speakers().items() if split == "development")
    made = PreparedSet(prepared.folder)
    made.utterances = utterances("ann", development)
    assert {u.speaker for u in made.split("development")} == {development}
    assert len(made.split("train")) == 20


def test_no_utterance_at_all_is_an_input_error():
    with pytest.raises(InputError, match="no utterance"):
        SpeakerSampler([]).draw(np.random.default_rng(0))


@pytest.mark.slow
def test_the_vocoder_is_trained_on_recordings_of_any_speaker(prepared, tmp_path):
    train(TrainJob(model="vocoder", data=prepared.folder, out=tmp_path, n_steps=1), lambda _: None)
    assert (tmp_path / "vocoder" / "checkpoints" / "step-0000001" / "model.average.safetensors").is_file()
    assert '"validation"' in (tmp_path / "vocoder" / "curve.jsonl").read_text()
