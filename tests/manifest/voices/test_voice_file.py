"""Voice files: what was written is read, and anything else is refused without running code."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from hierbatch.audio.files import encode_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import ManifestError, PromptError
from hierbatch.manifest.voices.voice_file import (
    VoiceFile,
    VoiceSource,
    is_voice_file,
    parse_voice_file,
    read_voice_file,
    recording_of,
)
from hierbatch.manifest.voices.voices import read_voices, voice_from_file, voices_from_folder

REFERENCE = encode_sound(Waveform(0.1 * np.sin(np.arange(16000) / 20).astype(np.float32), 16000))


def made_voice(**changes) -> VoiceFile:
    file = VoiceFile(
        voice="mix",
        origin="blend",
        model_kind="lite",
        model_sha256="0" * 64,
        consent="licensed",
        consent_ref="anna: letter 7",
        license="CC BY 4.0 AND MIT",
        language="ko",
        description="섞은 목소리",
        sources=(VoiceSource(voice="anna", weight=0.75, consent="licensed", sha256="ab"),),
        numbers={"median_f0_hz": 123.456789, "speed": 1.0},
        arrays={"text_style": np.arange(5, dtype=np.float32) / 3, "mel": np.ones((4, 2), np.float32)},
        reference_flac=REFERENCE,
    )
    return replace(file, **changes)


def test_what_was_written_is_read_to_the_bit(tmp_path):
    written = made_voice()
    read = read_voice_file(written.save(tmp_path / "folder" / "mix.safetensors"))
    assert replace(read, arrays={}) == replace(written, arrays={})
    assert all(np.array_equal(read.arrays[name], written.arrays[name]) for name in written.arrays)
    assert read.to_bytes() == written.to_bytes()
    assert recording_of(written.to_bytes()) == REFERENCE
    assert recording_of(REFERENCE) == REFERENCE


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:40],
        lambda content: b"",
        lambda content: pickle.dumps({"hierbatch_voice": 1}),
        lambda content: (1 << 60).to_bytes(8, "little") + content[8:],
        lambda content: content.replace(b'\\"origin\\": \\"blend\\"', b'\\"origin\\": \\"other\\"'),
        lambda content: content.replace(b'\\"version\\": 1', b'\\"version\\": 9'),
    ],
)
def test_damaged_files_are_refused(damage):
    content = made_voice().to_bytes()
    assert damage(content) != content
    with pytest.raises(PromptError):
        parse_voice_file(damage(content), "mix")


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(PromptError):
        parse_voice_file(made_voice(arrays={"mel": np.full((2, 2), np.nan, np.float32)}).to_bytes(), "mix")


@pytest.mark.parametrize(
    "changes",
    [{"license": ["MIT"]}, {"consent_ref": 7}, {"synthetic": "yes"}, {"language": {}}, {"numbers": {"speed": 10**400}}],
)
def test_metadata_of_other_types_is_refused(changes):
    with pytest.raises(PromptError):
        parse_voice_file(made_voice(**changes).to_bytes(), "mix")


def test_recordings_and_other_safetensors_are_no_voice_files():
    from safetensors.numpy import save

    assert is_voice_file(made_voice().to_bytes())
    assert not is_voice_file(REFERENCE)
    assert not is_voice_file(save({"weight": np.ones(3, np.float32)}))


def test_consent_and_license_of_the_file_are_those_of_the_voice_however_it_is_named(tmp_path):
    made_voice().save(tmp_path / "mix.safetensors")
    (tmp_path / "anna.flac").write_bytes(REFERENCE)
    (tmp_path / "voices.csv").write_text("voice,audio,consent\nblended,mix.safetensors,self\nanna,anna.flac,self\n")
    by_file = voice_from_file(tmp_path / "mix.safetensors", "self")
    by_folder = voices_from_folder(tmp_path, "self")
    by_table = read_voices(tmp_path / "voices.csv")
    assert [row.consent for row in by_folder] == ["self", "licensed"]
    assert [row.consent for row in by_table] == ["licensed", "self"]
    for row in (by_file, by_folder[1], by_table[0]):
        assert (row.consent, row.license, row.consent_ref) == ("licensed", "CC BY 4.0 AND MIT", "anna: letter 7")


def test_a_damaged_voice_file_is_named_among_the_problems_of_its_table(tmp_path):
    (tmp_path / "mix.safetensors").write_bytes(b"nothing")
    (tmp_path / "voices.csv").write_text("voice,audio,consent\nblended,mix.safetensors,self\n")
    with pytest.raises(ManifestError, match=r"mix\.safetensors"):
        read_voices(tmp_path / "voices.csv")
