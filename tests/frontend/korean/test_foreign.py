import sys

import pytest

from hierbatch.errors import TextError
from hierbatch.frontend.korean.foreign import spell_foreign_words


def test_a_script_that_needs_the_optional_package_is_an_error_of_its_row(monkeypatch):
    monkeypatch.setitem(sys.modules, "unidecode", None)
    assert spell_foreign_words("일본어 ひらがな") == "일본어 히라가나"
    with pytest.raises(TextError, match=r"Привет.*hierbatch\[official\]"):
        spell_foreign_words("그는 Привет")
