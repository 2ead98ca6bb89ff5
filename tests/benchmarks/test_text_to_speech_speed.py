import torch

from tests.loading import load_script
from tests.tiny_bundle import write_tiny_bundle

SCRIPT = "benchmarks/text_to_speech_speed.py"


def test_sentences_of_each_length_are_eight_and_no_text_is_read_twice():
    groups = load_script(SCRIPT).sorted_texts()
    for language in ("en", "ko"):
        short, usual, long = (group.sentences for group in groups if group.language == language)
        assert len(short) == len(usual) == len(long) == 8
        assert max(map(len, short)) <= min(map(len, usual))
        assert max(map(len, usual)) < min(map(len, long))
        assert not any(text in longer for text in (*short, *usual) for longer in long)


def test_the_table_has_a_line_for_each_language_length_and_batch(tmp_path, capsys):
    n_threads = torch.get_num_threads()
    try:
        load_script(SCRIPT).print_speed(str(write_tiny_bundle(tmp_path / "bundle")), repeats=1)
    finally:
        torch.set_num_threads(n_threads)
    lines = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith(("| en", "| ko"))]
    assert len(lines) == 12
    assert all(float(line[4]) > 0 and float(line[5].rstrip(" |")) >= float(line[4]) for line in lines)
