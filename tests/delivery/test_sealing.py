"""Watermark and signature of delivered files."""

import subprocess

import numpy as np
import pytest

from hierbatch.api.sound import Sound
from hierbatch.audio.files import read_sound
from hierbatch.delivery import content_credentials, sealing
from hierbatch.delivery.content_credentials import Credentials, check_can_sign
from hierbatch.errors import InputError, RunError
from hierbatch.jobs.check import CheckJob, check_files
from hierbatch.programs import ffmpeg_program

TONE = Sound(samples=(0.1 * np.sin(np.arange(32000) / 20)).astype(np.float32), rate_hz=16000)


class _WeakWatermarker:
    """Network whose mark is never found."""

    def mark(self, sound):
        return sound

    def check_marked(self, path):
        raise RunError("The watermark is not found")


def test_a_file_in_which_the_mark_is_not_found_is_not_delivered(tmp_path, monkeypatch):
    monkeypatch.setattr(sealing, "Watermarker", _WeakWatermarker)
    with pytest.raises(RunError):
        TONE.save(tmp_path / "tone.flac", watermark=True)
    assert list(tmp_path.iterdir()) == []


def test_a_certificate_needs_its_key(tmp_path):
    with pytest.raises(InputError, match="key"):
        TONE.save(tmp_path / "tone.flac", c2pa_certificate=tmp_path / "chain.pem")


def test_a_check_needs_something_to_check(tmp_path):
    with pytest.raises(InputError, match="nothing to check"):
        list(check_files(CheckJob(files=(tmp_path / "tone.flac",))))


def _signature(path) -> tuple[bool, str]:
    (report,) = check_files(CheckJob(files=(path,), signature=True))
    (row,) = report.rows
    return row.passed, row.got


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".wav", ".mp3", ".flac"])
def test_a_signed_file_is_valid_until_it_is_changed_or_encoded_again(tmp_path, suffix):
    pytest.importorskip("c2pa", reason="the extra c2pa is not installed")
    pytest.importorskip("cryptography", reason="cryptography is not installed")
    from tests.certificates import write_certificates

    certificate, key = write_certificates(tmp_path)
    plain = TONE.save(tmp_path / f"plain{suffix}")
    signed = TONE.save(tmp_path / f"signed{suffix}", c2pa_certificate=certificate, c2pa_key=key)
    assert _signature(plain) == (False, "none")
    passed, got = _signature(signed)
    assert passed, got
    assert got.startswith("valid, synthetic")
    np.testing.assert_array_equal(read_sound(signed.read_bytes()).samples, read_sound(plain.read_bytes()).samples)
    content = bytearray(signed.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / f"changed{suffix}").write_bytes(content)
    assert not _signature(tmp_path / f"changed{suffix}")[0]
    again = tmp_path / f"again{suffix}"
    subprocess.run([ffmpeg_program(), "-loglevel", "error", "-i", signed, again], check=True)
    assert not _signature(again)[0]


@pytest.mark.slow
def test_a_wrong_key_or_format_is_refused_before_any_work(tmp_path):
    pytest.importorskip("c2pa", reason="the extra c2pa is not installed")
    pytest.importorskip("cryptography", reason="cryptography is not installed")
    from tests.certificates import write_certificates

    certificate, _ = write_certificates(tmp_path)
    (tmp_path / "other").mkdir()
    _, key = write_certificates(tmp_path / "other")
    for name, wrong_key in (("tone.opus", key), ("tone.wav", key), ("tone.wav", tmp_path / "none.pem")):
        with pytest.raises(InputError):
            TONE.save(tmp_path / name, c2pa_certificate=certificate, c2pa_key=wrong_key)
        assert not (tmp_path / name).exists()


def test_a_format_can_be_signed_whatever_the_case_of_its_suffix(tmp_path, monkeypatch):
    monkeypatch.setattr(content_credentials, "_c2pa", lambda: None)
    (tmp_path / "a.pem").write_bytes(b"-----BEGIN CERTIFICATE-----")
    credentials = Credentials(certificate=tmp_path / "a.pem", key=tmp_path / "a.pem")
    check_can_sign(["a.WAV", "b.Mp3", "c.flac"], credentials)
    with pytest.raises(InputError, match=r"\.ogg"):
        check_can_sign(["a.WAV", "b.OGG"], credentials)
