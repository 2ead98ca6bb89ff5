import numpy as np
import pytest
import torch
from scipy import signal

from hierbatch.errors import InputError
from hierbatch.training.hierspeechpp.speechsr import SpeechSRRecipe
from hierbatch.training.hierspeechpp.speechsr_config import SpeechSRData, SpeechSRTraining
from hierbatch.training.hierspeechpp.speechsr_data import SpeechSRPairs, bandwidth_hz
from hierbatch.training.trainer.curves import read_curve
from hierbatch.training.trainer.trainer import Trainer
from tests.training.hierspeechpp.made_clips import clips, made_clip, speechsr_training


@pytest.mark.parametrize("rate_hz", [24_000, 48_000])
def test_a_pair_is_the_same_sound_at_two_rates(rate_hz):
    pairs = SpeechSRPairs(clips(rate_hz=rate_hz), SpeechSRData(low_pass_share=0.0), rate_hz, 1)
    pair = pairs.pair(3, 2)
    assert len(pair.target) == 9600
    assert len(pair.narrowband) == 9600 * 16_000 // rate_hz
    again = signal.resample_poly(pair.target, 2 if rate_hz == 24_000 else 1, 3)
    inner = slice(200, -200)
    below = signal.butter(8, 5000 / 8000, output="sos")
    difference = signal.sosfiltfilt(below, again - pair.narrowband)[inner]
    assert np.square(difference).mean() < 1e-4 * np.square(pair.narrowband[inner]).mean()


def test_half_of_the_inputs_are_filtered_without_delay():
    pairs = SpeechSRPairs(clips(), SpeechSRData(), 48_000, 1)
    powers = []
    for row in range(24):
        pair = pairs.pair(0, row)
        spectrum = np.abs(np.fft.rfft(pair.narrowband * np.hanning(len(pair.narrowband)))) ** 2
        powers.append(spectrum[-120:].sum() / spectrum.sum())
        third = pair.target[::3]
        lag = np.argmax(signal.correlate(pair.narrowband, third, "full")) - (len(third) - 1)
        assert abs(lag) <= 1
    assert 4 < sum(power < 0.2 * max(powers) for power in powers) < 20


def test_band_limited_and_short_recordings_are_left_out():
    narrow, short = made_clip("7", cutoff_hz=12_000), made_clip("8", duration_s=0.1)
    assert bandwidth_hz(made_clip("3"), 48_000) > 23_000
    assert bandwidth_hz(narrow, 48_000) < 17_000
    pairs = SpeechSRPairs([*clips(), narrow, short], SpeechSRData(), 48_000, 1)
    assert {clip.id for clip in pairs.clips} == {"1", "2", "3", "4", "5"}
    with pytest.raises(InputError, match="min_bandwidth"):
        SpeechSRPairs([narrow], SpeechSRData(), 48_000, 1)


@pytest.mark.parametrize("rate_hz", [24_000, 48_000])
def test_losses_of_parts_add_up_to_those_of_the_batch(rate_hz):
    recipe = SpeechSRRecipe(speechsr_training(rate_hz, batch_rows=5), clips(rate_hz=rate_hz))
    totals = []
    for n_parts in (1, 2):
        found = {}
        for index in range(n_parts):
            batch = recipe.batch(1, index, n_parts)
            for optimizer in ("discriminators", "generator"):
                for name, value in recipe.losses(optimizer, batch).items():
                    found[name] = found.get(name, 0) + float(value.detach())
        totals.append(found)
    assert totals[0] == pytest.approx(totals[1], rel=1e-4)
    assert totals[0].keys() == {"discriminators", "mel", "adversarial", "features"}


def test_training_resumes_exactly(tmp_path):
    def trainer(name, **changes):
        config = speechsr_training()
        return Trainer(SpeechSRRecipe(config, clips()), tmp_path / name, config.run.options(**changes))

    whole = trainer("whole")
    whole.train()
    trainer("half", n_steps=1).train()
    resumed = trainer("half")
    resumed.train()
    for name, network in whole.recipe.networks.items():
        after = resumed.recipe.networks[name].state_dict()
        assert all(torch.equal(value, after[key]) for key, value in network.state_dict().items())
    assert {"high distance dB", "low change dB"} <= read_curve(tmp_path / "whole")[-1].keys()


def test_a_segment_that_does_not_divide_is_refused():
    with pytest.raises(InputError, match="divisible by 6"):
        SpeechSRTraining(data=SpeechSRData(segment_samples=9601))
