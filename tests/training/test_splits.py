from hierbatch.training.splits import held_out_speakers, split_of


def test_sets_do_not_overlap_and_are_large_enough_to_judge() -> None:
    kept = held_out_speakers()
    evaluation = [speaker for speaker, split in kept.items() if split == "evaluation"]
    development = [speaker for speaker, split in kept.items() if split == "development"]
    assert len(evaluation) >= 20
    assert len(development) >= 10
    assert set(evaluation).isdisjoint(development)
    assert split_of("somebody_else") == "train"
