import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hierbatch.errors import InputError, ManifestError, PromptError
from hierbatch.manifest.columns.schema import AUDIO
from hierbatch.manifest.voices.voices import MAX_PROMPT_BYTES, check_consent, read_voices, voice_from_file


def test_paths_start_at_the_tables_folder(tmp_path):
    (tmp_path / "anna.flac").write_bytes(b"sound")
    (tmp_path / "voices.csv").write_text("voice,audio,consent\nanna,anna.flac,self\n")
    (voice,) = read_voices(tmp_path / "voices.csv")
    assert voice.read_prompt() == b"sound"
    assert (voice.voice, voice.consent) == ("anna", "self")


def test_a_table_may_hold_the_sound_itself(tmp_path):
    audio = pa.array([{"bytes": b"sound", "path": "a.flac"}], AUDIO)
    pq.write_table(pa.table({"voice": ["anna"], "audio": audio}), tmp_path / "v.parquet")
    (voice,) = read_voices(tmp_path / "v.parquet")
    assert voice.read_prompt() == b"sound"
    assert voice.consent == "unknown"


def test_unknown_consent_runs_only_when_allowed(tmp_path):
    (tmp_path / "voices.csv").write_text("voice,audio\nanna,a.flac\njun,b.flac\n")
    voices = read_voices(tmp_path / "voices.csv")
    with pytest.raises(InputError, match="anna, jun"):
        check_consent(voices, allow_unknown=False)
    check_consent(voices, allow_unknown=True)


def test_all_faults_of_a_table_are_reported_together(tmp_path):
    (tmp_path / "v.csv").write_text("voice,audio,consent\n../x,a.flac,self\nb,,maybe\nb,c.flac,self\n")
    with pytest.raises(ManifestError) as caught:
        read_voices(tmp_path / "v.csv")
    for part in ("../x", "2 times", "maybe", "no audio"):
        assert part in str(caught.value)


def test_a_missing_column_is_named(tmp_path):
    (tmp_path / "v.csv").write_text("voice\nanna\n")
    with pytest.raises(ManifestError, match="column audio is missing"):
        read_voices(tmp_path / "v.csv")


@pytest.mark.parametrize(("file", "name"), [("My Voice (1).wav", "My-Voice-1"), ("목소리.flac", "voice")])
def test_a_recording_alone_is_a_voice_with_a_safe_name(tmp_path, file, name):
    assert voice_from_file(tmp_path / file, "self").voice == name


def test_a_recording_that_is_missing_is_reported(tmp_path):
    with pytest.raises(PromptError, match="cannot be read"):
        voice_from_file(tmp_path / "none.wav", "self").read_prompt()


def test_only_regular_files_are_read_and_no_more_of_them_than_a_prompt_may_have(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.wav")
    with (tmp_path / "huge.wav").open("wb") as file:
        file.truncate(MAX_PROMPT_BYTES + 1)
    paths = ["/dev/zero", "pipe.wav", ".", "huge.wav"]
    (tmp_path / "v.csv").write_text("voice,audio\n" + "".join(f"v{i},{path}\n" for i, path in enumerate(paths)))
    voices = read_voices(tmp_path / "v.csv")
    opened = []
    monkeypatch.setattr("pathlib.Path.open", lambda path, *_: opened.append(path))
    monkeypatch.setattr("pathlib.Path.read_bytes", lambda path: opened.append(path))
    faults = ("a device", "a pipe", "a folder", "larger than 268435456 bytes")
    for voice, fault in zip(voices, faults, strict=True):
        with pytest.raises(PromptError, match=fault):
            voice.read_prompt()
    assert opened == []


def test_a_name_that_ends_in_a_new_line_is_no_name(tmp_path):
    (tmp_path / "v.csv").write_text('voice,audio\n"anna\n",a.flac\n')
    with pytest.raises(ManifestError, match="is not a valid voice name"):
        read_voices(tmp_path / "v.csv")
