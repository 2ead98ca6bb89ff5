import pytest

from hierbatch.errors import InputError
from tools.evaluation.marked_page import BEGIN, END, page_with_table


def test_only_what_is_between_the_marks_changes(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"# Ours\n\n{BEGIN}\nold\n{END}\n\nalso ours\n", encoding="utf-8")
    page.write_text(page_with_table(page, "| new |\n"), encoding="utf-8")
    assert page.read_text(encoding="utf-8") == f"# Ours\n\n{BEGIN}\n| new |\n{END}\n\nalso ours\n"
    assert page_with_table(page, "| new |\n") == page.read_text(encoding="utf-8")


def test_a_new_page_can_be_written_again(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(page_with_table(page, "| one |"), encoding="utf-8")
    second = page_with_table(page, "| two |")
    assert "| two |" in second
    assert "| one |" not in second


@pytest.mark.parametrize("text", ["# Ours\n", f"{BEGIN}\n", f"{END}\n{BEGIN}\n"])
def test_a_page_without_the_place_is_left_alone(tmp_path, text):
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"page\.md.*end of evaluation table"):
        page_with_table(page, "| new |")


def test_a_page_that_is_not_a_text_is_reported(tmp_path):
    (tmp_path / "page.md").write_bytes(b"\xff\xfe\x00\x9c")
    with pytest.raises(InputError, match=r"page\.md"):
        page_with_table(tmp_path / "page.md", "| new |")
