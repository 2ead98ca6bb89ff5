import numpy as np
import pytest

from hierbatch.errors import InputError
from hierbatch.jobs.training import perturb
from hierbatch.jobs.training.perturb import PerturbJob, compute_perturbed_features
from hierbatch.training.hierspeechpp.open_speech import open_speech
from hierbatch.training.speech_features import FeatureInfo
from tests.training.hierspeechpp.made_speech import MadeSpeech
from tests.training.hierspeechpp.prepared_files import write_prepared


class LoudnessFeatures:
    def __init__(self, name="whisper", channels=64):
        self.info = FeatureInfo(name=name, channels=channels, license="MIT")

    def __call__(self, samples):
        return np.repeat(np.square(samples.reshape(-1, 320)).mean(1, keepdims=True), self.info.channels, axis=1)


@pytest.fixture
def prepared(tmp_path):
    return write_prepared(tmp_path / "prepared", MadeSpeech(n_utterances=2, n_frames=(20, 30), channels=64))


def test_the_prior_reads_a_random_version(prepared, monkeypatch):
    monkeypatch.setattr(perturb, "load_features", lambda *_: LoudnessFeatures())
    utterance = open_speech(prepared, 64).utterances[0]
    clean = open_speech(prepared, 64).perturbed_semantic(utterance, 2, 5, np.random.default_rng(0))
    assert np.array_equal(clean, open_speech(prepared, 64).semantic(utterance, 2, 5))
    lines = []
    compute_perturbed_features(PerturbJob(data=prepared, n_versions=3), lines.append)
    speech = open_speech(prepared, 64)
    drawn = [speech.perturbed_semantic(utterance, 2, 5, np.random.default_rng(seed)) for seed in range(20)]
    assert {vectors.shape for vectors in drawn} == {(5, 64)}
    assert len({vectors.tobytes() for vectors in drawn}) == 3
    assert lines == ["made: 3 versions of 2 utterances"]


def test_features_of_another_extractor_are_refused(prepared, monkeypatch):
    monkeypatch.setattr(perturb, "load_features", lambda *_: LoudnessFeatures("mms", 1024))
    with pytest.raises(InputError, match=r"--features whisper, 64 channels.*mms, 1024"):
        compute_perturbed_features(PerturbJob(data=prepared), lambda _: None)
