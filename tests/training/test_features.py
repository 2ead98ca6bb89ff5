"""Parquet of recordings to a prepared set and to batches."""

import numpy as np
import pytest

from hierbatch.constants import FRAME_HOP_SAMPLES
from hierbatch.training.durations import align_prepared
from hierbatch.training.prepared import PreparedSet, read_alignments
from hierbatch.training.sampling import SpeakerSampler, UtteranceSegment, load_batch, random_segment
from hierbatch.training.semantics import SEMANTIC_CHANNELS


def test_each_usable_row_is_there_once_in_whole_frames(prepared: PreparedSet) -> None:
    found = {utterance.id: utterance for utterance in prepared.utterances}
    assert set(found) == {"a1", "a2", "b1"}
    assert {key: utterance.n_frames for key, utterance in found.items()} == {"a1": 75, "a2": 100, "b1": 150}
    for utterance in found.values():
        audio = prepared.audio(utterance)
        assert len(audio) == utterance.n_frames * FRAME_HOP_SAMPLES
        assert prepared.semantic(utterance).shape == (utterance.n_frames, SEMANTIC_CHANNELS)
        assert len(prepared.f0_hz(utterance)) == 2 * utterance.n_frames
        assert np.sqrt((audio**2).mean()) == pytest.approx(0.06, rel=0.05)
    assert np.median(prepared.f0_hz(found["b1"])[10:-10]) == pytest.approx(110, rel=0.02)


def test_shouted_text_is_lowered_and_missing_text_is_no_phonemes(prepared: PreparedSet) -> None:
    phonemes = {utterance.id: utterance.phonemes for utterance in prepared.utterances}
    assert phonemes["a1"].split()[:3] == ["h", "ə", "l"]
    assert phonemes["a2"] == ""
    assert phonemes["b1"].startswith("a n n j ʌ ŋ")


def test_alignment_covers_every_frame(prepared: PreparedSet) -> None:
    align_prepared(prepared.folder, lambda _: None)
    alignments = read_alignments(prepared.folder)
    assert set(alignments) == {"a1", "b1"}
    for utterance in prepared.utterances:
        if utterance.id in alignments:
            phonemes, frames = alignments[utterance.id]
            assert sum(frames) == utterance.n_frames
            assert len(frames) == len(phonemes.split()) + 1


def test_a_batch_holds_the_pieces_it_was_asked_for(prepared: PreparedSet) -> None:
    segments = [UtteranceSegment(utterance, 10, 20 + 10 * index) for index, utterance in enumerate(prepared.utterances)]
    batch = load_batch(prepared, segments)
    assert batch.lengths.tolist() == [20, 30, 40]
    for row, segment in enumerate(segments):
        n_samples = segment.n_frames * FRAME_HOP_SAMPLES
        np.testing.assert_array_equal(
            batch.audio[row, :n_samples], prepared.audio(segment.utterance, 10, segment.n_frames)
        )
        assert (batch.audio[row, n_samples:] == 0).all()
        assert (batch.f0_hz[row] > 0).all()


def test_prompts_are_of_the_same_speaker_and_do_not_cover_the_piece(prepared: PreparedSet) -> None:
    sampler = SpeakerSampler(prepared.utterances)
    rng = np.random.default_rng(0)
    for _ in range(100):
        segment = random_segment(sampler.draw(rng), 30, rng)
        prompt = sampler.prompt_for(segment, 50, rng)
        assert prompt.utterance.speaker == segment.utterance.speaker
        if prompt.utterance.id == segment.utterance.id:
            assert prompt.start >= segment.start + segment.n_frames or prompt.start + prompt.n_frames <= segment.start
        else:
            assert segment.utterance.speaker == "ann"
