import re
import subprocess
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from hierbatch.audio.joining import silence
from hierbatch.delivery import report
from hierbatch.delivery.profiles import PROFILES, find_profile
from hierbatch.delivery.report import check_file, measure_file
from hierbatch.errors import InputError
from hierbatch.programs import ffmpeg_program, run_program
from tests.audio.signals import speech_like, tone

ACX = PROFILES["acx"]


def acx_sound(head_s=0.75, tail_s=2.0, level_db=-20.5, floor_db=-75.0, rate_hz=44_100):
    """Speech that would pass, with whatever is to be wrong about it."""
    tone_like = tone(220, 4.0, rate_hz) * (0.6 + 0.4 * np.sin(np.arange(4 * rate_hz) * 2e-4))
    whole = np.concatenate([silence(round(head_s * rate_hz)), tone_like, silence(round(tail_s * rate_hz))])
    whole *= 10 ** (level_db / 20) / np.sqrt(np.mean(whole**2))
    room = 10 ** (floor_db / 20) * np.random.default_rng(0).standard_normal(len(whole))
    return (whole + room).astype(np.float32)


def mp3(tmp_path, samples, rate_hz=44_100, arguments=("-b:a", "192k")):
    soundfile.write(tmp_path / "a.wav", samples, rate_hz, subtype="FLOAT")
    path = tmp_path / "a.mp3"
    run_program([ffmpeg_program(), "-v", "error", "-y", "-i", str(tmp_path / "a.wav"), *arguments, str(path)])
    return path


def failed(table):
    return [row.rule for row in table.rows if not row.passed]


def test_what_is_right_passes_every_rule(tmp_path):
    table = check_file(mp3(tmp_path, acx_sound()), ACX)
    assert failed(table) == []
    assert table.passed
    assert len(table.rows) == 9
    assert "human narration" in table.note


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"head_s": 0.3}, ["silence at the head"]),
        ({"head_s": 1.3}, ["silence at the head"]),
        ({"tail_s": 0.6}, ["silence at the tail"]),
        ({"tail_s": 5.4}, ["silence at the tail"]),
        ({"level_db": -23.4}, ["RMS"]),
        ({"level_db": -16.5}, ["RMS"]),
        ({"floor_db": -57.0}, ["noise floor"]),
    ],
)
def test_each_fault_fails_its_own_rule(tmp_path, changes, rules):
    assert failed(check_file(mp3(tmp_path, acx_sound(**changes)), ACX)) == rules


def test_a_peak_over_the_limit_fails(tmp_path):
    samples = acx_sound(level_db=-22)
    samples[100_000:100_050] += tone(441, 50 / 44_100, 44_100)
    assert failed(check_file(mp3(tmp_path, samples), ACX)) == ["peak"]


@pytest.mark.parametrize(
    ("arguments", "rules"),
    [
        (("-b:a", "128k"), ["bit rate"]),
        (("-q:a", "0"), ["bit rate"]),
        (("-b:a", "192k", "-ar", "48000"), ["sampling rate"]),
    ],
)
def test_mp3s_of_the_wrong_kind_fail(tmp_path, arguments, rules):
    assert failed(check_file(mp3(tmp_path, acx_sound(), arguments=arguments), ACX)) == rules


def test_an_m4b_for_acx_is_reported(tmp_path):
    soundfile.write(tmp_path / "a.wav", acx_sound(), 44_100, subtype="FLOAT")
    path = tmp_path / "a.m4b"
    run_program([ffmpeg_program(), "-v", "error", "-i", str(tmp_path / "a.wav"), "-f", "ipod", str(path)])
    table = check_file(path, ACX)
    assert failed(table) == ["format", "bit rate"]
    rows = {row.rule: row for row in table.rows}
    assert "deliver one MP3 per chapter" in rows["format"].got
    assert "does not apply" in rows["bit rate"].got
    assert rows["RMS"].passed


def test_length_is_limited(tmp_path, monkeypatch):
    path = mp3(tmp_path, acx_sound())
    long = replace(measure_file(path), duration_s=7_201.0, measured_s=7_201.0)  # two hours take too long to decode here
    monkeypatch.setattr(report, "measure_file", lambda *arguments, **options: long)
    assert failed(check_file(path, ACX)) == ["length"]


@pytest.mark.parametrize(
    ("profile", "level_db", "rules"),
    [
        ("ebu", -23.0, []),
        ("ebu", -23.6, ["loudness"]),
        ("podcast", -16.0, []),
        ("podcast", -17.2, ["loudness"]),
        ("podcast", -14.8, ["loudness"]),
    ],
)
def test_loudness_profiles_by_a_tone_of_known_loudness(tmp_path, profile, level_db, rules):
    # A stereo sine at 997 Hz reads its own level in LUFS (EBU Tech 3341).
    both = np.stack([tone(997, 4, 48_000, level_db)] * 2, axis=1)
    soundfile.write(tmp_path / "a.flac", both, 48_000)
    assert failed(check_file(tmp_path / "a.flac", PROFILES[profile])) == rules


def test_a_true_peak_between_the_samples_fails(tmp_path):
    crest = tone(12_000, 4, 48_000, -0.5, np.pi / 4)  # its samples lie 3 dB lower
    soundfile.write(tmp_path / "a.flac", crest, 48_000)
    assert "true peak" in failed(check_file(tmp_path / "a.flac", PROFILES["ebu"]))


@pytest.mark.parametrize("max_samples", [None, 48_000])
@pytest.mark.parametrize("suffix", ["mp3", "wav", "flac", "webm", "ogg"])
def test_a_truncated_file_does_not_pass(tmp_path, suffix, max_samples):
    soundfile.write(tmp_path / "whole.wav", tone(997, 4, 48_000, -19.99), 48_000)
    path = tmp_path / f"a.{suffix}"
    run_program([ffmpeg_program(), "-v", "error", "-i", str(tmp_path / "whole.wav"), str(path)])
    assert "complete file" not in failed(check_file(path, PROFILES["ebu"], max_samples=max_samples))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    table = check_file(path, PROFILES["ebu"], max_samples=max_samples)
    assert "complete file" in failed(table)
    assert "truncated" in next(row.got for row in table.rows if row.rule == "complete file")


@pytest.mark.parametrize("suffix", ["mp3", "wav", "flac", "m4a", "ogg"])
def test_of_a_very_long_file_the_beginning_is_measured_and_all_of_it_is_counted(tmp_path, suffix):
    sound = np.concatenate([tone(997, 2, 48_000, -19.99), silence(5 * 48_000)])
    soundfile.write(tmp_path / "whole.wav", np.stack([sound, sound], axis=1), 48_000)
    path = tmp_path / f"a.{suffix}"
    run_program([ffmpeg_program(), "-v", "error", "-y", "-i", str(tmp_path / "whole.wav"), str(path)])
    part, whole = measure_file(path, max_samples=2 * 2 * 48_000), measure_file(path)
    assert part.duration_s == pytest.approx(7.0, abs=0.1)
    assert 1.0 < part.measured_s <= 2.0
    assert part.rms_db > whole.rms_db + 3
    assert whole.measured_s == whole.duration_s
    rows = {row.rule: row for row in check_file(path, ACX, max_samples=2 * 2 * 48_000).rows}
    assert rows["measured part"].passed
    assert (rows["silence at the tail"].got, rows["silence at the tail"].passed) == ("not measured", False)


def test_a_rate_that_no_meter_works_at_is_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 1)
    with pytest.raises(InputError, match="unusual sampling rate"):
        measure_file(tmp_path / "a.wav")


@pytest.mark.parametrize("suffix", ["aiff", "mkv", "webm", "caf", "aac"])
def test_other_containers_are_measured(tmp_path, suffix):
    soundfile.write(tmp_path / "whole.wav", tone(997, 4, 48_000, -19.99), 48_000)
    path = tmp_path / f"a.{suffix}"
    run_program([ffmpeg_program(), "-v", "error", "-i", str(tmp_path / "whole.wav"), str(path)])
    assert measure_file(path).duration_s == pytest.approx(4.0, abs=0.1)


def test_silence_fails_and_does_not_crash(tmp_path):
    soundfile.write(tmp_path / "a.wav", silence(44_100), 44_100)
    for profile in PROFILES.values():
        assert not check_file(tmp_path / "a.wav", profile).passed


def test_surround_is_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros((4_800, 6)), 48_000)
    with pytest.raises(InputError, match="6 channels"):
        check_file(tmp_path / "a.wav", ACX)


def test_measures_agree_with_ffmpegs_own_meter(tmp_path):
    path = mp3(tmp_path, speech_like(6.0, 44_100, level_db=-20, lead_s=0.7, trail_s=1.5).samples)
    measures = measure_file(path)
    said = _ffmpeg_says(path)
    assert measures.loudness_lufs == pytest.approx(said["lufs"], abs=0.1)
    assert measures.true_peak_dbtp == pytest.approx(said["dbtp"], abs=0.15)
    assert measures.rms_db == pytest.approx(said["rms_db"], abs=0.1)
    assert measures.peak_db == pytest.approx(said["peak_db"], abs=0.1)


def _ffmpeg_says(path):
    arguments = [
        "-hide_banner",
        "-i",
        str(path),
        "-af",
        "astats=measure_perchannel=none,ebur128=peak=true",
        "-f",
        "null",
        "-",
    ]
    text = subprocess.run([ffmpeg_program(), *arguments], capture_output=True, text=True, check=True).stderr
    summary = text[text.rindex("Summary:") :]
    return {
        "lufs": float(re.search(r"I:\s+(-?[\d.]+) LUFS", summary).group(1)),
        "dbtp": float(re.search(r"Peak:\s+(-?[\d.]+) dBFS", summary).group(1)),
        "rms_db": float(re.search(r"RMS level dB: (-?[\d.]+)", text).group(1)),
        "peak_db": float(re.search(r"Peak level dB: (-?[\d.]+)", text).group(1)),
    }


def test_an_unknown_profile_is_refused():
    with pytest.raises(InputError, match=r"acx or ebu or podcast.*'spotify'"):
        find_profile("spotify")
