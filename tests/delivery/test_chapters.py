import numpy as np
import pytest

from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.delivery.chapters import assemble_chapter, edge_silence_s
from hierbatch.delivery.timeline import ChapterTimeline, PlacedTake
from hierbatch.errors import RunError
from tests.audio.signals import speech_like
from tests.delivery.planned_takes import RATE_HZ, planned, take

SOUNDS = {f"s{i}": speech_like(1.0, seed=i, lead_s=0.1 * i, trail_s=0.2) for i in range(3)}


def assembled(timeline, sound_of=lambda take: SOUNDS[take.id]):
    return np.concatenate(list(assemble_chapter(timeline, lambda takes: map(sound_of, takes))))


def test_every_take_is_at_its_place_and_silence_between():
    timeline = planned([take(0), take(1), take(2, source_ref="p2")])[0]
    whole = assembled(timeline)
    assert len(whole) == timeline.n_samples
    rest = whole.copy()
    for placement in timeline.placements:
        sound = resample(SOUNDS[placement.take.id], RATE_HZ).samples
        there = slice(placement.start_sample, placement.end_sample)
        np.testing.assert_allclose(whole[there][300:-300], sound[300:-300], atol=1e-4)
        rest[there] = 0
    assert not rest.any()


def test_what_overhangs_the_chapter_is_its_takes_own_silence():
    sound = speech_like(4.0, lead_s=1.0, trail_s=2.5)
    timeline = planned([take(0, duration_s=4.0)], edges=edge_silence_s(sound))[0]
    placement = timeline.placements[0]
    assert placement.start_sample < 0
    assert placement.end_sample > timeline.n_samples
    whole = assembled(timeline, lambda _: sound)
    assert len(whole) == timeline.n_samples
    kept = resample(sound, RATE_HZ).samples[-placement.start_sample :][: timeline.n_samples]
    np.testing.assert_allclose(whole, kept, atol=1e-4)


def test_only_one_take_is_read_at_a_time():
    read = []
    timeline = planned([take(sentence_index) for sentence_index in range(3)])[0]

    def read_sounds(wanted):
        for one in wanted:
            read.append(one.id)
            yield SOUNDS[one.id]

    blocks = assemble_chapter(timeline, read_sounds)
    while not np.any(next(blocks)):
        pass
    assert read == ["s0"]


@pytest.mark.parametrize("wrong", [Waveform(np.zeros(100, np.float32), 16_000), speech_like(1.0, 24_000)])
def test_sound_that_is_not_what_its_row_says_is_refused(wrong):
    with pytest.raises(RunError, match=r"row s0.*16000 samples at 16000 Hz"):
        assembled(planned([take(0)])[0], lambda _: wrong)


def test_takes_of_different_rates_share_a_chapter():
    timeline = ChapterTimeline(
        number=1,
        title="",
        rate_hz=RATE_HZ,
        n_samples=2 * RATE_HZ,
        placements=(PlacedTake(take(0), 0, RATE_HZ), PlacedTake(take(1), RATE_HZ, RATE_HZ)),
        missing=(),
    )
    assert len(assembled(timeline)) == 2 * RATE_HZ
