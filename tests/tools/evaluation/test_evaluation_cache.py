import numpy as np

from tools.evaluation.evaluation_cache import EvaluationCache

ONE, OTHER = np.zeros(8, np.float32), np.ones(8, np.float32)


def counted(answer, asked):
    def ask():
        asked.append(answer)
        return answer

    return ask


def test_a_question_is_asked_once_and_survives_the_process(tmp_path):
    asked = []
    answer = {"ovrl": 3.25}
    for _ in range(2):
        cache = EvaluationCache(tmp_path / "kept", "kit")
        assert cache.get_or_compute("dnsmos", (ONE,), counted(answer, asked)) == answer
    assert len(asked) == 1


def test_another_question_sound_order_or_judge_is_scored_again(tmp_path):
    asked = []
    cache = EvaluationCache(tmp_path, "kit")
    cache.get_or_compute("same", (ONE, OTHER), counted("1", asked))
    cache.get_or_compute("same", (OTHER, ONE), counted("2", asked))
    cache.get_or_compute("other", (ONE, OTHER), counted("3", asked))
    EvaluationCache(tmp_path, "newer kit").get_or_compute("same", (ONE, OTHER), counted("4", asked))
    assert asked == ["1", "2", "3", "4"]
    assert cache.get_or_compute("same", (ONE, OTHER), counted("5", asked)) == "1"


def test_korean_and_empty_text_are_unchanged(tmp_path):
    cache = EvaluationCache(tmp_path, "kit")
    for _ in range(2):
        assert cache.get_or_compute("text", (ONE,), lambda: "안녕") == "안녕"
        assert cache.get_or_compute("none", (ONE,), lambda: None) is None
