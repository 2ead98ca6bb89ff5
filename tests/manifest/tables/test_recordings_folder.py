import pytest

from hierbatch.errors import ManifestError
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS
from hierbatch.manifest.tables.checks import ManifestRequirements, check_manifest
from hierbatch.manifest.tables.recordings_folder import recordings_table
from hierbatch.manifest.tables.store import open_table
from hierbatch.manifest.voices.voices import voices_from_folder
from tests.making import prompt_file


def test_every_recording_of_a_folder_is_a_row_with_a_safe_id(tmp_path):
    for name in ("b.wav", "a b.FLAC", "sub/b.wav", "sub/나.mp3", "notes.txt", ".hidden.wav", ".cache/c.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert recordings_table(tmp_path).to_pylist() == [
        {"id": "a-b", "source": "a b.FLAC"},
        {"id": "b", "source": "b.wav"},
        {"id": "sub-b", "source": "sub/b.wav"},
        {"id": "sub", "source": "sub/나.mp3"},
    ]
    table = open_table(tmp_path, MANIFEST_COLUMNS)
    assert check_manifest(table, ManifestRequirements(one_of=("source",), needs_voice=False)) == 4


def test_names_that_differ_in_case_or_in_unsafe_characters_get_different_ids(tmp_path):
    for name in ("a b.wav", "a-b.wav", "A_b.wav", "A-B.wav"):
        (tmp_path / name).touch()
    ids = [row["id"].casefold() for row in recordings_table(tmp_path).to_pylist()]
    assert len(set(ids)) == 4


def test_a_folder_without_recordings_is_refused(tmp_path):
    with pytest.raises(ManifestError, match="no recordings"):
        open_table(tmp_path, MANIFEST_COLUMNS)


def test_a_folder_of_prompts_is_a_table_of_voices(tmp_path):
    prompt_file(tmp_path, name="anna.wav")
    prompt_file(tmp_path, name="bob k.wav")
    voices = voices_from_folder(tmp_path, "licensed")
    assert [(voice.voice, voice.consent) for voice in voices] == [("anna", "licensed"), ("bob-k", "licensed")]
    (tmp_path / "sub").mkdir()
    prompt_file(tmp_path / "sub", name="anna.wav")
    with pytest.raises(ManifestError, match="anna"):
        voices_from_folder(tmp_path, "licensed")
