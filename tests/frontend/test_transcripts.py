import pytest

from hierbatch.frontend.transcripts import lowercase_all_caps


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("HE SAID IT'S LATE", "he said it's late"),
        ("NASA and the FBI met.", "NASA and the FBI met."),
        ("오늘 TV를 봤다", "오늘 TV를 봤다"),
        ("", ""),
        ("1984", "1984"),
    ],
)
def test_only_texts_in_capitals_throughout_are_lowered(text: str, wanted: str) -> None:
    assert lowercase_all_caps(text) == wanted
