import pytest

from hierbatch.errors import ManifestError, SourceError
from hierbatch.manifest.voices.voice_map import find_entry, read_voice_map


def lines_of(tmp_path, text):
    path = tmp_path / "map.csv"
    path.write_text(text, encoding="utf-8")
    return read_voice_map(path, ["low", "clear"])


def test_the_first_line_that_fits_counts(tmp_path):
    lines = lines_of(tmp_path, "file,speaker,voice,key\na.wav,Anna,low,-2.5\ntalks/*,,clear,auto\n,Ben,low,\n")
    found = find_entry(lines, "a.wav", "Anna")
    assert (found.voice, found.key_semitones) == ("low", -2.5)
    assert find_entry(lines, "talks/deep/b.wav", "Anna").voice == "clear"
    assert find_entry(lines, "c.wav", "Ben").key_semitones is None
    with pytest.raises(SourceError, match=r"speaker Anna of c\.wav"):
        find_entry(lines, "c.wav", "Anna")
    with pytest.raises(SourceError, match=r"No voice is mapped to c\.wav"):
        find_entry(lines, "c.wav", "")


def test_a_map_of_voices_alone_is_enough(tmp_path):
    assert find_entry(lines_of(tmp_path, "voice\nlow\n"), "any.wav", "").voice == "low"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("file,voice\na.wav,high\n", "voice high is not in the voices table"),
        ("file,voice\na.wav,\n", r"voice \(none\)"),
        ("file\na.wav\n", "column voice is missing"),
        ("voice,key\nlow,much\n", "key much"),
        ("voice,key\nlow,nan\n", "key nan"),
        ("voice,key\nlow,99\n", "key 99"),
        ("voice\n", "the table has no rows"),
    ],
)
def test_a_wrong_map_is_one_clear_error(tmp_path, text, fault):
    with pytest.raises(ManifestError, match=fault):
        lines_of(tmp_path, text)
