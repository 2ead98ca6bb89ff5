import numpy as np
import pytest

from hierbatch.errors import InputError
from hierbatch.frontend.phonemes import encode
from hierbatch.training import aligned_segments
from hierbatch.training.aligned_segments import AlignedSampler, AlignedUtterance
from hierbatch.training.prepared import PreparedUtterance

#            START h   ə  l  oʊ  ,   w  ɝ  l  d  |  a  aɪ  .
DURATIONS = (12, 3, 4, 5, 6, 20, 7, 8, 3, 4, 2, 5, 9, 30)
PHONEMES = "h ə l ˈoʊ , w ˈɝ l d | h ˈaɪ ."


@pytest.fixture
def aligned() -> AlignedUtterance:
    utterance = PreparedUtterance(
        id="a", speaker="ann", language="en", phonemes=PHONEMES, n_frames=sum(DURATIONS), first_frame=0, shard=0
    )
    return AlignedUtterance(utterance, encode(PHONEMES, "en"), DURATIONS)


def test_the_whole_keeps_every_phone_and_little_of_the_silence_about_it(aligned: AlignedUtterance) -> None:
    whole = aligned.whole()
    assert whole.ids == aligned.ids
    assert whole.durations == (5, *DURATIONS[1:-1], 5)
    assert (whole.segment.start, whole.segment.n_frames) == (7, sum(DURATIONS) - 7 - 25)


def test_a_pause_is_where_a_separator_is_silent(aligned: AlignedUtterance) -> None:
    assert aligned.pauses() == [0, 5, 13], "the comma; the word boundary lasts two frames only"


def test_stretches_between_pauses_hold_what_is_spoken_there(aligned: AlignedUtterance) -> None:
    before, after = aligned.between(0, 5), aligned.between(5, 13)
    assert before.durations == (5, 3, 4, 5, 6, 5)
    assert after.durations == (5, *DURATIONS[6:-1], 5)
    assert after.ids.symbols[1:] == encode("w ˈɝ l d | h ˈaɪ .", "en").symbols[1:]
    assert after.ids.stress[1:] == encode("w ˈɝ l d | h ˈaɪ .", "en").stress[1:]
    # The segment starts five frames before the word whose phones it begins with.
    assert after.segment.start + 5 == sum(DURATIONS[:6])


def test_nothing_longer_than_asked_is_drawn(aligned: AlignedUtterance) -> None:
    rng = np.random.default_rng(0)
    drawn = [aligned.draw(60, rng) for _ in range(50)]
    assert all(excerpt is None or excerpt.segment.n_frames <= 60 for excerpt in drawn)
    assert {excerpt.durations for excerpt in drawn if excerpt} == {
        aligned.between(0, 5).durations,
        aligned.between(5, 13).durations,
    }
    assert aligned.draw(5, rng) is None
    assert max(excerpt.segment.n_frames for _ in range(50) if (excerpt := aligned.draw(1000, rng))) == 86


def test_a_set_without_a_usable_segment_is_refused_instead_of_drawn_from_for_ever(aligned: AlignedUtterance) -> None:
    sampler = AlignedSampler({"a": aligned}, [aligned.utterance], korean_share=None)
    rng = np.random.default_rng(0)
    for max_frames, min_frames in ((5, 0), (60, 50)):
        with pytest.raises(InputError, match="No aligned utterance"):
            sampler.draw(max_frames, rng, min_frames=min_frames)
    assert sampler.draw(1000, rng, min_frames=86).segment.n_frames == 86


def test_a_rare_segment_is_drawn_in_the_end(aligned: AlignedUtterance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aligned_segments, "_MAX_DRAWS", 1)
    sampler = AlignedSampler({"a": aligned}, [aligned.utterance], korean_share=None)
    rng = np.random.default_rng(0)
    assert all(sampler.draw(1000, rng, min_frames=86).segment.n_frames == 86 for _ in range(20))
